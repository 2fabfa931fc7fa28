public import ProjectModel

/// What the services of projects have written lately.
public protocol ServiceLogs: Sendable {
    /// The last lines of a service's standard output and error, with every secret of the project taken out.
    func tail(
        of service: ServiceName, in ref: ProjectRef, lines: Int
    ) async throws(ServiceLogsError) -> String
}

/// The end of a log. Engines cut long lines into pieces, and may begin and end between two of them.
public struct LogTail: Sendable, Equatable {
    /// Parts of the text in their order; where one ends and the next begins, some of a line may be missing.
    public var parts: [String]

    /// A tail.
    public init(parts: [String]) { self.parts = parts }

    /// A tail of one part.
    public init(_ text: String) { parts = [text] }
}

extension Redactor {
    /// A log's end without secrets, and without pieces of secrets where lines are cut.
    func redacted(_ tail: LogTail) -> String {
        tail.parts.map { redacted($0, open: [.begin, .end]) }.joined()
    }
}

/// Why a log could not be read.
public enum ServiceLogsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The service has no container: the project is paused, on its way, or has no such service.
    case noContainer(ServiceName, ProjectRef)
    /// The container engine.
    case engine(EngineError)
    /// The project, or its secrets, without which nothing is shown.
    case catalog(CatalogError)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .noContainer(let service, let ref):
            "service \(service) of project \(ref) has no container at present, and so no log"
        case .engine(let error): "\(error)"
        case .catalog(let error): "\(error)"
        }
    }
}
