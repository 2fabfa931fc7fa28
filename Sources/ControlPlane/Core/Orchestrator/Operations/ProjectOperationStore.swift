public import ProjectModel

/// Storage of operations. They begin and end in the transactions of ``ProjectStore/insert(_:)`` and
/// ``ProjectStore/transition(_:_:)``; a project has at most one in progress.
public protocol ProjectOperationStore: Sendable {
    /// The latest operations of a project, newest first.
    func operations(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectOperation]
    func operation(_ id: String, of ref: ProjectRef) async throws(StoreError) -> ProjectOperation?
    /// The operation in progress of a project.
    func openOperation(of ref: ProjectRef) async throws(StoreError) -> ProjectOperation?
    /// Stores an operation's progress, and that it is running; one that has ended is not changed.
    func note(_ progress: OperationProgress, of id: String) async throws(StoreError)
}
