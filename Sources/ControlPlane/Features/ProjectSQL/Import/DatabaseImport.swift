public import Orchestrator

/// Hands the pieces of a dump over as they come, and waits while one is worked on; throws when the dump is cut
/// off.
public typealias DumpSource =
    @Sendable (_ take: @escaping @Sendable ([UInt8]) async throws -> Void) async throws -> Void

/// Fills the empty database of a project from a dump.
public protocol DatabaseImporter: Sendable {
    /// Carries a plain SQL dump out, in one transaction: all of it, or nothing. A dry run does the same and takes it
    /// back.
    ///
    /// A manager that ends in the middle leaves nothing: PostgreSQL rolls back what is not committed.
    ///
    /// - Parameter confirm: asked right before the commit, which may come hours after the end of the dump; throws where
    ///   the one who sent it has not the right to it any more. A dry run does not ask.
    /// - Throws: ``ImportError``, and what `dump` and `confirm` throw.
    func run(
        _ dump: DumpSource, on target: DatabaseTarget, isDryRun: Bool,
        confirm: @Sendable () async throws -> Void
    ) async throws -> ImportReport
}

/// Why a dump was not imported. Messages hold names of objects, and no rows.
public enum ImportError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The project holds something already; what.
    case notEmpty(String)
    /// Another import of the project is under way.
    case busy
    /// The manager imports as much as it can.
    case tooMany
    /// The dump cannot be read.
    case dump(DumpError)
    /// The dump asks for what an import does not do; one sentence.
    case refused(String)
    /// PostgreSQL refused a part of it. A message of a function of the dump's may say anything.
    case failed(stage: ImportStage, line: Int, message: String, sqlState: String? = nil)
    /// The database cannot be reached, or the connection was lost.
    case unreachable(String)
    /// The connection was lost while everything was committed.
    case unknownOutcome
    /// It was given up: its client went away, or its time was over.
    case cancelled

    /// The message: what happened, and what the project holds now.
    public var description: String {
        switch self {
        case .notEmpty(let what):
            "the project is not empty (it has \(what)): import into a new project, so that nothing is doubled"
        case .busy: "another import into this project is under way: wait until it has ended"
        case .tooMany: "the manager has as many imports under way as it takes: try again when one has ended"
        case .dump(let error): "\(error). \(Self.nothing)"
        case .refused(let sentence): "\(sentence). \(Self.nothing)"
        case .failed(let stage, let line, let message, let sqlState):
            "the import failed at the \(stage.rawValue), line \(line) of the dump: \(message)"
                + "\(sqlState.map { " (SQLSTATE \($0))" } ?? ""). \(Self.nothing)"
        case .unreachable(let sentence): "\(sentence). \(Self.nothing)"
        case .unknownOutcome:
            "the connection to the project's database was lost while the import was committed: all of it is there or "
                + "nothing; import again, which is refused where it is there"
        case .cancelled: "the import was given up before its end. \(Self.nothing)"
        }
    }

    /// What the audit trail keeps, for years: nothing that the dump or a server wrote.
    public var auditText: String {
        switch self {
        case .notEmpty: "refused: the project is not empty"
        case .busy: "refused: another import was under way"
        case .tooMany: "refused: the manager had as many imports as it takes"
        case .dump(let error): "refused: \(error)"
        case .refused: "refused: the dump asks for what an import does not do"
        case .failed(let stage, let line, _, let sqlState):
            "failed at the \(stage.rawValue), line \(line)\(sqlState.map { ", SQLSTATE \($0)" } ?? "")"
        case .unreachable: "failed: no connection to the project's database"
        case .unknownOutcome: "unknown: the connection was lost during the commit"
        case .cancelled: "given up"
        }
    }

    private static let nothing = "Nothing was changed in the project"
}
