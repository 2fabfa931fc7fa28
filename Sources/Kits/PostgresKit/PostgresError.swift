/// Errors of PostgreSQL. No case carries a password or the value of a parameter.
public enum PostgresError: Error, Sendable, Equatable {
    /// The server refused a statement.
    case server(PostgresServerError)

    /// The connection could not be made: libpq's own reason, and the SQLSTATE where the server gave one.
    case connectFailed(reason: String, sqlState: String?)

    /// The connection was not made within the deadline: the server's address, without role and password.
    case connectDeadlineExceeded(address: String)

    /// The connection broke. Whether the statement in flight took effect is not known.
    case connectionLost(reason: String)

    /// The server sent what no PostgreSQL server sends, or more than a bound allows; the connection was closed.
    case protocolViolation(reason: String)

    /// The connection broke while `COMMIT` was in flight: the transaction may have been committed or not.
    case commitOutcomeUnknown(reason: String)

    /// The task was cancelled; the statement was cancelled with it.
    case cancelled

    /// The statement took longer than its deadline and was cancelled.
    case deadlineExceeded

    /// The connection or the pool was closed.
    case closed

    /// No connection of the pool became free within the acquire deadline.
    case acquireDeadlineExceeded

    /// More callers wait than the named limit allows.
    case queueFull

    /// The result holds more bytes than the limit allows; the statement was cancelled.
    case resultTooLarge(limitBytes: Int)

    /// Results of other connections leave no room for this one. Whether the statement took effect is not known.
    case noRoomForResult

    /// A value cannot be sent: which parameter (from 1) and why.
    case invalidParameter(index: Int, reason: String)

    /// The connection parameters or an identifier cannot be used.
    case invalidConfiguration(reason: String)

    /// A column cannot be read as asked.
    case column(name: String, problem: PostgresColumnProblem)

    /// A different number of rows was promised.
    case unexpectedRowCount(expected: Int, found: Int)

    /// The server rolled the transaction back at `COMMIT`, because a statement in it had failed before.
    case transactionAborted

    /// The thread or descriptor that a connection needs could not be made.
    case noResources(errno: Int32)
}

/// Why a column of a row could not be read.
public enum PostgresColumnProblem: Sendable, Equatable {
    /// The result has no column of this name.
    case missing

    /// Two columns of the result have this name.
    case ambiguous

    /// The value is NULL and no optional was asked for.
    case null

    /// The column's SQL type is another than the reader takes.
    case type(expected: String, found: String)

    /// The value does not fit the Swift type (its text is not shown).
    case range(expected: String)
}

/// An error report of the server, cleared of everything that may hold data.
///
/// PostgreSQL quotes the offending value in some messages and whole rows in details. ``message`` has such quotations
/// taken out, and ``detail`` is only kept for the classes of SQLSTATE where it cannot hold data.
public struct PostgresServerError: Sendable, Equatable {
    /// The five characters of the error's class and code, for instance `23505`.
    public let sqlState: String

    /// The primary message.
    public let message: String

    /// More about it, where it cannot hold data.
    public let detail: String?

    /// The constraint that was violated.
    public let constraint: String?

    /// The schema of the object concerned.
    public let schema: String?

    /// The table concerned.
    public let table: String?

    /// The column concerned.
    public let column: String?
}

extension PostgresError {
    /// The server's SQLSTATE, where there is one.
    public var sqlState: String? {
        switch self {
        case .server(let error): error.sqlState
        case .connectFailed(_, let sqlState): sqlState
        default: nil
        }
    }

    /// The violated constraint, where there is one.
    public var constraint: String? {
        if case .server(let error) = self { error.constraint } else { nil }
    }

    /// Whether a unique or exclusion constraint refused the statement.
    public var isUniqueViolation: Bool {
        sqlState == PostgresState.uniqueViolation || sqlState == PostgresState.exclusionViolation
    }

    /// Whether a foreign key refused the statement.
    public var isForeignKeyViolation: Bool {
        sqlState == PostgresState.foreignKeyViolation
    }

    /// Whether the same transaction, run again, may succeed: a serialization failure or a deadlock.
    public var isRetryable: Bool {
        sqlState == PostgresState.serializationFailure || sqlState == PostgresState.deadlockDetected
    }

    /// Whether the cause is expected to pass: the server is away, starting, stopping or full.
    public var isTransient: Bool {
        switch self {
        case .noRoomForResult, .connectionLost, .connectDeadlineExceeded, .acquireDeadlineExceeded, .deadlineExceeded,
            .queueFull,
            .commitOutcomeUnknown:
            true
        case .connectFailed(_, nil):
            true
        case .server, .connectFailed:
            isRetryable || PostgresState.isTransient(sqlState)
        case .cancelled, .closed, .protocolViolation, .resultTooLarge, .invalidParameter, .invalidConfiguration,
            .column,
            .unexpectedRowCount, .transactionAborted, .noResources:
            false
        }
    }
}

/// The SQLSTATEs that the kit itself acts on (PostgreSQL manual, appendix A).
enum PostgresState {
    static let uniqueViolation = "23505"
    static let exclusionViolation = "23P01"
    static let foreignKeyViolation = "23503"
    static let serializationFailure = "40001"
    static let deadlockDetected = "40P01"
    static let queryCanceled = "57014"
    static let invalidStatementName = "26000"
    static let featureNotSupported = "0A000"

    /// Connection exceptions (08), too many connections (53300), and 57P: shutting down or starting up.
    static func isTransient(_ state: String?) -> Bool {
        guard let state else { return false }
        return state.hasPrefix("08") || state == "53300" || state.hasPrefix("57P")
    }
}
