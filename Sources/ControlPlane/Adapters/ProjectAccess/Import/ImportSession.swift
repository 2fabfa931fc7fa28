import PostgresKit
import ProjectModel
import ProjectSQL

/// One import on one connection, in one transaction.
///
/// Rows of the stack's own tables are gathered in temporary ones and written at the end, in an order that their foreign
/// keys allow: a dump has them in any. Then come the foreign keys and triggers of the users' tables, so that every key
/// is checked and no trigger sees a row that the source had already handled.
actor ImportSession {
    /// Where the rows go that come next.
    private enum Rows {
        case none
        case copying(table: String, keeps: Bool)
        case discarding(table: String, count: Int)
    }

    private let connection: PostgresConnection
    private let limits: ImportLimits
    private var reader = DumpReader()
    private var planner: ImportPlanner?
    private var ground: ImportGround?
    private var rows = Rows.none
    private var stage = ImportStage.schema
    private var held: [DumpStatement] = []
    private var heldBytes = 0
    private var kept: [String: [KeptRows]] = [:]
    private var line = 1

    /// Rows of a table of the stack, in a temporary table.
    private struct KeptRows {
        let temporary: String
        /// Columns that the project's table has, too.
        let columns: [String]
    }

    init(_ connection: PostgresConnection, limits: ImportLimits) {
        self.connection = connection
        self.limits = limits
    }

    /// Begins the transaction, and makes sure that the project is empty and no other import is under way.
    func begin(_ roles: DatabaseRoles) async throws(ImportError) {
        try await sql("begin")
        let survey = ImportSurvey(connection: connection, roles: roles)
        let isAlone = try await asking { _ throws(PostgresError) in try await survey.lock() }
        guard isAlone else { throw .busy }
        let found = try await asking { _ throws(PostgresError) in try await survey.contents() }
        if let found { throw .notEmpty(found) }
        let ground = try await asking { _ throws(PostgresError) in try await survey.ground() }
        (self.ground, planner) = (ground, ImportPlanner(ground))
    }

    /// Works on the next bytes of the dump.
    func take(_ bytes: [UInt8]) async throws(ImportError) {
        let pieces: [DumpReader.Piece]
        do throws(DumpError) { pieces = try reader.read(bytes) } catch { throw .dump(error) }
        for piece in pieces { try await take(piece) }
    }

    /// Does what is left at the end of the dump, and tells what came of it. Nothing is committed yet.
    func finish() async throws(ImportError) -> ImportReport {
        let pieces: [DumpReader.Piece]
        do throws(DumpError) { pieces = try reader.finish() } catch { throw .dump(error) }
        for piece in pieces { try await take(piece) }
        stage = .data
        try await writeKeptRows()
        stage = .foreignKeys
        for statement in held {
            line = statement.line
            try await sql(statement.text)
        }
        return planner?.report ?? ImportReport()
    }

    /// Takes all of it back, after a trial.
    func rollBack() async throws(ImportError) { try await sql("rollback") }

    /// Makes all of it last.
    func commit() async throws(ImportError) {
        if Task.isCancelled { throw .cancelled }
        do throws(PostgresError) {
            try await connection.commitTransaction(deadline: limits.statementTimeout)
        } catch {
            switch error {
            case .server, .deadlineExceeded, .transactionAborted: throw failure(error)
            default: throw .unknownOutcome
            }
        }
    }

    private func take(_ piece: DumpReader.Piece) async throws(ImportError) {
        switch piece {
        case .statement(let statement): try await take(statement)
        case .rows(let bytes):
            switch rows {
            case .copying: try await asking { connection throws(PostgresError) in try await connection.copyIn(bytes) }
            case .discarding(let table, let count):
                rows = .discarding(table: table, count: count + bytes.count { $0 == UInt8(ascii: "\n") })
            case .none: return
            }
        case .endOfRows: try await endRows()
        }
    }

    private func take(_ statement: DumpStatement) async throws(ImportError) {
        line = statement.line
        let step = planner?.step(statement) ?? .leaveOut
        switch step {
        case .run: try await sql(statement.text)
        case .runInstead(let text): try await sql(text)
        case .runLast:
            heldBytes += statement.bytes.count
            guard heldBytes <= limits.heldBytesMax else {
                throw .refused("the dump has more than \(limits.heldBytesMax >> 20) MiB of foreign keys and triggers")
            }
            held.append(statement)
        case .leaveOut: return
        case .takeRows:
            stage = .data
            let table = DumpTable.name(of: statement)
            try await asking { connection throws(PostgresError) in try await connection.beginCopyIn(statement.text) }
            rows = .copying(table: table, keeps: false)
        case .keepRows(let table, let columns):
            stage = .data
            try await keepRows(of: table, columns: columns)
        case .leaveOutRows(let table): rows = .discarding(table: table, count: 0)
        case .refuse(let sentence): throw .refused(sentence)
        }
    }

    /// Makes a temporary table with the columns of the dump, those that the project's table lacks as text.
    private func keepRows(of table: String, columns: [String]) async throws(ImportError) {
        let number = kept.values.reduce(0) { $0 + $1.count }
        guard number < limits.keptTablesMax else {
            throw .refused("the dump has more than \(limits.keptTablesMax) pieces of rows for tables of the stack")
        }
        let known = Set(ground?.tables[table] ?? [])
        let shared = columns.filter(known.contains)
        planner?.dropped(columns.filter { !known.contains($0) }, of: table)
        let temporary = "supamanager_import_\(number)"
        let list = columns.map { column in
            known.contains(column)
                ? "t.\(ImportPlanner.quoted(column))" : "null::text as \(ImportPlanner.quoted(column))"
        }.joined(separator: ", ")
        try await sql(
            "create temporary table \(temporary) on commit drop as select \(list) from \(DumpTable.quoted(table)) t "
                + "with no data")
        let names = columns.map(ImportPlanner.quoted).joined(separator: ", ")
        try await asking { connection throws(PostgresError) in
            try await connection.beginCopyIn("copy pg_temp.\(temporary) (\(names)) from stdin")
        }
        kept[table, default: []].append(KeptRows(temporary: temporary, columns: shared))
        rows = .copying(table: table, keeps: true)
    }

    private func endRows() async throws(ImportError) {
        switch rows {
        case .none: return
        case .discarding(let table, let count): planner?.leftOut(count, rowsOf: table)
        case .copying(let table, _):
            let count = try await asking { connection throws(PostgresError) in try await connection.endCopyIn() }
            planner?.took(count, rowsOf: table)
        }
        rows = .none
        stage = .schema
    }

    private func writeKeptRows() async throws(ImportError) {
        for table in ground?.inOrder(Array(kept.keys)) ?? [] {
            for rows in kept[table] ?? [] where !rows.columns.isEmpty {
                let names = rows.columns.map(ImportPlanner.quoted).joined(separator: ", ")
                try await sql(
                    "insert into \(DumpTable.quoted(table)) (\(names)) select \(names) from pg_temp.\(rows.temporary)")
            }
        }
    }

    /// Exactly one statement: PostgreSQL refuses a text with a second one in it.
    private func sql(_ text: String) async throws(ImportError) {
        do throws(PostgresError) {
            _ = try await connection.query(text, [], deadline: limits.statementTimeout)
        } catch { throw failure(error) }
    }

    @discardableResult
    private func asking<Value: Sendable>(
        _ work: @Sendable (PostgresConnection) async throws(PostgresError) -> Value
    ) async throws(ImportError) -> Value {
        do throws(PostgresError) { return try await work(connection) } catch { throw failure(error) }
    }

    private func failure(_ error: PostgresError) -> ImportError {
        switch error {
        case .server(let report):
            .failed(stage: stage, line: line, message: report.message, sqlState: report.sqlState)
        case .cancelled: .cancelled
        case .deadlineExceeded:
            failed("a statement took longer than \(limits.statementTimeout)")
        case .resultTooLarge(let limit): failed("PostgreSQL answered with more than \(limit) bytes")
        case .transactionAborted: failed("PostgreSQL rolled the transaction back instead of committing it")
        case .invalidConfiguration(let reason): failed(reason)
        default: .unreachable("the connection to the project's database was lost: \(error)")
        }
    }

    private func failed(_ message: String) -> ImportError {
        .failed(stage: stage, line: line, message: message, sqlState: nil)
    }
}
