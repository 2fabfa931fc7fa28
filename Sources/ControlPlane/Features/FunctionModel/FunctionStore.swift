public import Orchestrator
public import ProjectModel

/// Storage of functions and their files. Every method is one transaction and applies ``FunctionRules``.
public protocol FunctionStore: Sendable {
    /// The functions of a project that run, by slug.
    func functions(of ref: ProjectRef) async throws(FunctionError) -> [EdgeFunction]
    /// One function that runs, with its files as they belong together; nil when there is none.
    func function(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> DeployedFunction?
    /// Stores a deployment: as the version that runs, or as the one bundle that waits.
    ///
    /// - Throws: ``FunctionError/noProject(_:)`` when the project is gone; ``FunctionError/tooMuch(_:)``.
    func put(
        _ deployment: FunctionDeployment, as stage: FunctionStage, of ref: ProjectRef, at time: Timestamp
    ) async throws(FunctionError) -> EdgeFunction
    /// Makes all of the updates or none, in their order; returns the changed functions.
    ///
    /// - Throws: ``FunctionError/notFound(slug:)``; ``FunctionError/invalid(_:)`` for a version that is not there.
    func update(
        _ updates: [FunctionUpdate], of ref: ProjectRef, at time: Timestamp
    ) async throws(FunctionError) -> [EdgeFunction]
    /// Deletes a function, its files and its bundle; false when there was none.
    func delete(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> Bool
}

/// The copies of functions in a project's folder, from which they run. What they should be, the store says; in which
/// `folder` of the project's own they lie, its stack.
public protocol FunctionFolders: Sendable {
    /// Stamps of the copies in the project's folder, by slug; nil while the project has no folder.
    func stamps(of ref: ProjectRef, in folder: String) throws(FunctionError) -> [String: String]?
    /// Replaces the previous copy by a whole new one.
    func write(_ function: DeployedFunction, in folder: String) throws(FunctionError)
    /// Removes a copy; it is no error when there is none.
    func remove(_ slug: String, of ref: ProjectRef, in folder: String) throws(FunctionError)
}

/// Why a request about functions failed.
public enum FunctionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no such function.
    case notFound(slug: String)
    /// The project no longer exists.
    case noProject(ProjectRef)
    /// The request is invalid.
    case invalid(String)
    /// It would be more than a project may hold.
    case tooMuch(String)
    /// The project's folder.
    case folder(String)
    case store(StoreError)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .notFound(let slug): "there is no function \(FunctionPath.quoted(slug))"
        case .noProject(let ref): "there is no project \(ref)"
        case .invalid(let text), .tooMuch(let text): text
        case .folder(let text): "the functions cannot be put into the project's folder: \(text)"
        case .store(let error): "\(error)"
        }
    }
}
