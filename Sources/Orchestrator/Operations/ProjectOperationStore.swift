public import ProjectModel

/// Where operations live. They begin and end in the transactions of ``ProjectStore/insert(_:)`` and
/// ``ProjectStore/transition(_:_:)``; a project has at most one that goes on.
public protocol ProjectOperationStore: Sendable {
    /// The latest operations of a project, newest first.
    func operations(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectOperation]
    /// One operation.
    func operation(_ id: String, of ref: ProjectRef) async throws(StoreError) -> ProjectOperation?
    /// The operation of a project that goes on.
    func openOperation(of ref: ProjectRef) async throws(StoreError) -> ProjectOperation?
    /// Notes how an operation goes, and that it is under way; one that has ended stays as it is.
    func note(_ progress: OperationProgress, of id: String) async throws(StoreError)
}
