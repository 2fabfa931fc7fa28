extension PostgresError: CustomStringConvertible {
    /// The message: one sentence.
    public var description: String {
        switch self {
        case .server(let error): error.description
        case .connectFailed(let reason, let state):
            "cannot connect to PostgreSQL: \(reason)" + (state.map { " (SQLSTATE \($0))" } ?? "")
        case .connectDeadlineExceeded(let address):
            "cannot connect to PostgreSQL at \(address): no answer within the deadline"
        case .connectionLost(let reason): "the connection to PostgreSQL was lost: \(reason)"
        case .protocolViolation(let reason): "the server does not keep to PostgreSQL's protocol: \(reason)"
        case .commitOutcomeUnknown(let reason):
            "the connection to PostgreSQL was lost during COMMIT, whose outcome is unknown: \(reason)"
        case .cancelled: "the statement was cancelled"
        case .deadlineExceeded: "the statement took longer than its deadline and was cancelled"
        case .closed: "the connection to PostgreSQL is closed"
        case .acquireDeadlineExceeded: "no database connection became free within the deadline"
        case .queueFull: "too many callers wait for a database connection"
        case .resultTooLarge(let limit): "the result is larger than \(limit) bytes"
        case .noRoomForResult: "results of other connections leave no room for this one"
        case .invalidParameter(let index, let reason): "parameter $\(index) cannot be sent: \(reason)"
        case .invalidConfiguration(let reason): reason
        case .column(let name, let problem): "column \"\(name)\" \(problem)"
        case .unexpectedRowCount(let expected, let found): "expected \(expected) row(s), found \(found)"
        case .transactionAborted: "the transaction was rolled back because a statement in it had failed"
        case .noResources(let code): "no thread or descriptor for a database connection (errno \(code))"
        }
    }
}

extension PostgresColumnProblem: CustomStringConvertible {
    /// The rest of a sentence that begins with the column.
    public var description: String {
        switch self {
        case .missing: "is not in the result"
        case .ambiguous: "is in the result more than once"
        case .null: "is NULL"
        case .type(let expected, let found): "has the type \(found), expected \(expected)"
        case .range(let expected): "holds a value that is no \(expected)"
        }
    }
}

extension PostgresServerError: CustomStringConvertible {
    /// The report on one line.
    public var description: String {
        var text = "PostgreSQL: \(message) (SQLSTATE \(sqlState)"
        for (name, value) in [("constraint", constraint), ("table", table), ("column", column)] {
            if let value { text += ", \(name) \(value)" }
        }
        text += ")"
        if let detail { text += ": \(detail)" }
        return text
    }
}
