import Orchestrator
import PostgresKit
import ProjectModel

/// One query on one connection, from login to the end.
struct DatabaseSession: Sendable {
    let query: ProjectQueryText
    let target: DatabaseTarget
    let limits: ProjectDatabaseLimits

    func run() async throws(ProjectDatabaseError) -> QueryAnswer {
        let connection = try await kit { () async throws(PostgresError) in
            if !query.isReadOnly { return try await connect(as: target.user) }
            return query.isRestricted ? try await connectRestricted() : try await connectReadOnly()
        }
        let result: Result<QueryAnswer, ProjectDatabaseError>
        do throws(ProjectDatabaseError) {
            result = .success(try await answer(on: connection))
        } catch {
            result = .failure(error)
        }
        // Closing rolls back what is still open.
        await connection.close()
        return try result.get()
    }

    private func answer(on connection: PostgresConnection) async throws(ProjectDatabaseError) -> QueryAnswer {
        if query.isReadOnly {
            try await beginReadOnly(on: connection)
            return try await execute(query, .single(query.parameters.map(\.wire)), on: connection)
        }
        try await takeRole(on: connection)
        if query.changesNothing {
            _ = try await execute(ProjectQueryText(sql: "begin transaction read only"), .script, on: connection)
            return try await execute(query, .single(query.parameters.map(\.wire)), on: connection)
        }
        let isScript = query.parameters.isEmpty
        return try await execute(query, isScript ? .script : .single(query.parameters.map(\.wire)), on: connection)
    }

    /// Takes on the role that the query asks for, if any.
    func takeRole(on connection: PostgresConnection) async throws(ProjectDatabaseError) {
        guard let role = query.role else { return }
        let name = try await kit { () async throws(PostgresError) in try PostgresQuoting.identifier(role) }
        _ = try await execute(ProjectQueryText(sql: "set role \(name)"), .script, on: connection)
    }

    /// Runs a text to its end and gives its rows.
    private func execute(
        _ text: ProjectQueryText, _ kind: PostgresExchangeKind, on connection: PostgresConnection
    ) async throws(ProjectDatabaseError) -> QueryAnswer {
        let sink = RowJSON(limits: limits)
        let outcome = try await kit { () async throws(PostgresError) in
            try await connection.run(text.sql, kind, into: sink, deadline: time)
        }
        switch outcome {
        case .finished(let sink): return sink.answer
        case .stopped(let sink): throw sink.refusal ?? .tooLarge(limitBytes: limits.maximumAnswerBytes)
        case .refused(let report): throw .query(QueryFailure(report, of: text))
        }
    }

    /// The time for the whole text.
    private var time: Duration {
        query.disablesStatementTimeout ? limits.longestQueryTimeout : limits.queryTimeout
    }
}

extension DatabaseSession {
    /// Bytes of `application_name` that PostgreSQL keeps.
    private static let applicationNameBytes = 63

    /// Logs in with the project's password.
    func connect(as user: String, isReadOnly: Bool? = nil) async throws(PostgresError) -> PostgresConnection {
        var limits = PostgresLimits()
        limits.connectDeadline = self.limits.connectTimeout
        limits.statementDeadline = time
        limits.maximumResultBytes = self.limits.maximumAnswerBytes
        limits.maximumMessageBytes = self.limits.maximumAnswerBytes
        // No query listens.
        limits.maximumBufferedNotifications = 0
        let milliseconds = query.disablesStatementTimeout ? 0 : Self.milliseconds(self.limits.statementTimeout)
        let readOnly = isReadOnly ?? query.isReadOnly ? " -c default_transaction_read_only=on" : ""
        // Before the first statement is read: the owner may set another path for the database, and put types, operators
        // and functions of PostgreSQL's names in it, which would run as the superuser.
        let isAdministrator = user == target.roles.administrator && user != target.roles.owner
        let path = isAdministrator ? " -c search_path=pg_catalog,pg_temp" : ""
        var parameters = PostgresConnectionParameters(
            host: target.host, port: Int(target.port), user: user, database: target.roles.database,
            password: target.password.reveal(),
            options: [
                "application_name": applicationName, "sslmode": "disable",
                "options": "-c statement_timeout=\(milliseconds)\(readOnly)\(path)",
            ])
        // A foreign listener on the project's port learns nothing of the password.
        parameters.requiresScram = true
        return try await PostgresConnection.connect(parameters, limits: limits)
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1_000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    private var applicationName: String {
        let printable = query.applicationName.utf8.filter { (32...126).contains($0) }
        return String(decoding: printable.prefix(Self.applicationNameBytes), as: UTF8.self)
    }

    /// Runs `body` and gives its errors in the port's terms.
    func kit<Value>(
        _ body: () async throws(PostgresError) -> Value
    ) async throws(ProjectDatabaseError) -> Value {
        do throws(PostgresError) {
            return try await body()
        } catch {
            throw translated(error)
        }
    }

    private func translated(_ error: PostgresError) -> ProjectDatabaseError {
        switch error {
        case .cancelled: .cancelled
        case .deadlineExceeded: .timedOut(time)
        case .resultTooLarge(let limit): .tooLarge(limitBytes: limit)
        case .invalidParameter, .invalidConfiguration: .invalid(error.description)
        case .server(let report): .query(QueryFailure(message: report.message, code: report.sqlState))
        default: .unreachable("the database of project \(target.ref) cannot be reached: \(error)")
        }
    }
}
