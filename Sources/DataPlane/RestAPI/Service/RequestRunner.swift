import DataPlaneCore
import PostgresKit

/// Runs a planned request: settings, pre-request function, main statement and the end of the transaction in one
/// pipeline. Only where the answer decides about the commit are there two.
struct RequestRunner: Sendable {
    let service: RestService
    let request: RestRequest
    let identity: RestService.Identity
    let cache: SchemaCache

    private var configuration: RestConfiguration { service.configuration }

    func run(_ plan: RequestPlan, _ timing: inout ServerTiming) async throws(RestError) -> RestHTTPResponse {
        let start = ContinuousClock.now
        var routine: Routine?
        if case .call(let called) = plan.action { routine = called }
        let decides = decidesBeforeCommit(plan)
        var statements = opening(routine, isReadOnly: plan.isReadOnly)
        let mainIndex = statements.count
        if let explain = plan.explain {
            return try await explained(plan, by: explain, opening: statements, timing: &timing)
        }
        statements.append(
            PostgresStatement(
                plan.statement.text, plan.statement.parameters, isPrepared: configuration.usesPreparedStatements))
        if let estimate = plan.rowEstimate {
            statements.append(PostgresStatement(estimate.text, estimate.parameters, isPrepared: false))
        }
        let ending = ending
        let ((row, builder), share) = try await transaction(statements, ending: decides ? [] : ending) {
            connection, finished throws(RestError) in
            guard finished.indices.contains(mainIndex), let row = MainRow(finished[mainIndex]) else {
                throw RestError(500, code: "XX000", message: "the statement gave no row")
            }
            let planned = plan.rowEstimate == nil ? nil : Self.plannedRows(finished[mainIndex + 1])
            let builder = AnswerBuilder(
                request: request, plan: plan, configuration: configuration, planned: planned)
            if decides {
                let refusal = builder.refusal(row)
                try await end(connection, refusal == nil ? ending : [PostgresStatement("ROLLBACK")])
                if let refusal { throw refusal }
            } else if let refusal = builder.refusal(row) {
                throw refusal
            }
            return (row, builder)
        }
        timing.note("transaction", since: start)
        var response = try timing.measure("response") { () throws(RestError) -> RestHTTPResponse in
            try builder.answer(row)
        }
        response.share = share
        return response
    }

    /// The plan of the main statement, in PostgreSQL's own words.
    private func explained(
        _ plan: RequestPlan, by explain: ExplainRequest, opening: [PostgresStatement], timing: inout ServerTiming
    ) async throws(RestError) -> RestHTTPResponse {
        let start = ContinuousClock.now
        let statement = PostgresStatement(
            explain.statement(plan.statement.text), plan.statement.parameters, isPrepared: false)
        let (lines, share) = try await transaction(opening + [statement], ending: ending) {
            _, finished throws(RestError) in
            finished[opening.count].rows.compactMap { $0.first.flatMap(\.self) }
        }
        timing.note("transaction", since: start)
        var response = RestHTTPResponse(status: 200)
        response.body = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        response.set("Content-Type", explain.contentType)
        response.share = share
        return response
    }

    /// The root: what the schema offers, or what the configured function says.
    func root(_ timing: inout ServerTiming) async throws(RestError) -> RestHTTPResponse {
        guard configuration.openAPIMode != .disabled || configuration.rootFunction != nil else {
            throw .rootDisabled
        }
        let wanted = request.accepted.first { ["*/*", MediaType.json.name, MediaType.openAPI.name].contains($0.name) }
        guard wanted != nil else { throw .mediaType(request.accepted.map(\.spelled)) }
        let sql = configuration.rootFunction.map { "\(SessionSQL.call(configured: $0))::text" } ?? Self.access
        let parameters = configuration.rootFunction == nil ? [request.schema] : []
        let statements = timing.measure("plan") {
            opening(nil, isReadOnly: true) + [PostgresStatement(sql, parameters)]
        }
        let start = ContinuousClock.now
        let index = statements.count - 1
        let (body, _) = try await transaction(statements, ending: ending) { _, finished throws(RestError) in
            finished[index].rows.first?.first.flatMap(\.self) ?? []
        }
        timing.note("transaction", since: start)
        return try timing.measure("response") { () throws(RestError) -> RestHTTPResponse in
            try rootAnswer(body, wanted ?? .openAPI)
        }
    }

    private func rootAnswer(_ body: [UInt8], _ wanted: MediaType) throws(RestError) -> RestHTTPResponse {
        var response = RestHTTPResponse(status: 200)
        if request.method != .head { response.body = configuration.rootFunction == nil ? try describe(body) : body }
        let type = wanted.name == MediaType.json.name ? wanted.name : MediaType.openAPI.name
        response.set("Content-Type", "\(type); charset=utf-8")
        if request.showsProfile { response.set("Content-Profile", request.schema) }
        return response
    }

    /// What the role may use of a schema, as one JSON object.
    private static let access = """
        SELECT json_build_object(
          'comment', (SELECT obj_description(n.oid, 'pg_namespace') FROM pg_namespace n WHERE n.nspname = $1),
          'tables', (SELECT coalesce(json_agg(c.relname), '[]') FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
            AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
              OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))),
          'functions', (SELECT coalesce(json_agg(DISTINCT p.proname), '[]') FROM pg_proc p
            JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1
            AND has_function_privilege(p.oid, 'EXECUTE')))::text
        """

    private func describe(_ bytes: [UInt8]) throws(RestError) -> [UInt8] {
        guard let found = try? JSONText(bytes) else {
            throw RestError(500, code: "XX000", message: "the catalogue gave no JSON")
        }
        var access = OpenAPIDocument.Access(
            tables: Set((found["tables"]?.arrayValue ?? []).compactMap(\.stringValue)),
            functions: Set((found["functions"]?.arrayValue ?? []).compactMap(\.stringValue)),
            comment: found["comment"]?.stringValue)
        if configuration.openAPIMode == .ignorePrivileges {
            access.tables = Set(cache.tables.keys.map(\.name))
            access.functions = Set(cache.routines.keys.map(\.name))
        }
        return Array(OpenAPIDocument(schema: request.schema, cache: cache, access: access).json.text.utf8)
    }

    // MARK: Statements

    private func opening(_ routine: Routine?, isReadOnly: Bool) -> [PostgresStatement] {
        let session = SessionSQL(
            configuration: configuration, request: request, role: identity.role, claims: identity.claims,
            cache: cache, routine: routine, searchPath: service.searchPath(of: request.schema))
        let settings = session.statement()
        let isPrepared = configuration.usesPreparedStatements
        var statements = [
            PostgresStatement(session.begin(isReadOnly: isReadOnly), isPrepared: isPrepared),
            PostgresStatement(settings.text, settings.parameters, isPrepared: isPrepared),
        ]
        if let function = configuration.preRequest {
            statements.append(PostgresStatement(SessionSQL.call(configured: function), isPrepared: isPrepared))
        }
        return statements
    }

    private var ending: [PostgresStatement] {
        guard configuration.rollsBack(request.preferences.transaction) else { return [PostgresStatement("COMMIT")] }
        return [PostgresStatement("SET CONSTRAINTS ALL IMMEDIATE"), PostgresStatement("ROLLBACK")]
    }

    private func decidesBeforeCommit(_ plan: RequestPlan) -> Bool {
        guard !plan.isReadOnly else { return false }
        return plan.form.isSingular || request.preferences.strictMaxAffected != nil
    }

    private static func plannedRows(_ result: PostgresPipelineResult) -> Int64? {
        guard let text = result.rows.first?.first.flatMap(\.self), let json = try? JSONText(text) else { return nil }
        return json.arrayValue?.first?["Plan"]?["Plan Rows"]?.doubleValue.flatMap { Int64(exactly: $0.rounded()) }
    }

    // MARK: Transactions

    /// Runs the pipeline on a connection of the pool and gives its results to `body`, while the connection is held.
    /// Beside the value it gives what the results take of the memory for answers.
    private func transaction<Value: Sendable>(
        _ statements: [PostgresStatement], ending: [PostgresStatement],
        body: @Sendable (PostgresConnection, [PostgresPipelineResult]) async throws(RestError) -> Value
    ) async throws(RestError) -> (Value, (any PostgresResultShare)?) {
        do {
            return try await service.pool.withConnection { connection in
                let (outcome, share) = try await attempt(statements + ending, connection)
                switch outcome {
                case .finished(let results): return (try await body(connection, results), share)
                case .refused(_, let report):
                    if Self.isAboutSize(report) { throw RestError.answerTooLarge(configuration.answerBytesMax) }
                    if Self.isAboutCache(report) { service.requestReloadAfterError() }
                    throw RestError(report, isAnonymous: identity.isAnonymous)
                }
            }
        } catch let error as RestError { throw error } catch let error as PostgresError {
            throw RestError(error)
        } catch { throw .connection(nil) }
    }

    /// A prepared statement whose tables have changed since is prepared again, once, in a new transaction.
    private func attempt(
        _ statements: [PostgresStatement], _ connection: PostgresConnection
    ) async throws(PostgresError) -> (outcome: PostgresPipelineOutcome, share: (any PostgresResultShare)?) {
        let first = try await connection.sharedPipeline(statements, deadline: RestService.statementDeadline)
        guard case .refused(_, let report) = first.outcome else { return first }
        try await connection.rollBackPipeline()
        guard Self.isStale(report) else { return first }
        let second = try await connection.sharedPipeline(statements, deadline: RestService.statementDeadline)
        if case .refused = second.outcome { try await connection.rollBackPipeline() }
        return second
    }

    private func end(_ connection: PostgresConnection, _ statements: [PostgresStatement]) async throws(RestError) {
        let outcome: PostgresPipelineOutcome
        do throws(PostgresError) {
            outcome = try await connection.pipeline(statements, deadline: RestService.statementDeadline)
            if case .refused = outcome { try await connection.rollBackPipeline() }
        } catch { throw RestError(error) }
        if case .refused(_, let report) = outcome { throw RestError(report, isAnonymous: identity.isAnonymous) }
    }

    /// Whether the statement has failed because its body is too large; see ``MainStatement/tooLarge``.
    private static func isAboutSize(_ report: PostgresErrorReport) -> Bool {
        report.sqlState == "42704" && report["M"]?.contains(MainStatement.tooLarge) == true
    }

    private static func isStale(_ report: PostgresErrorReport) -> Bool {
        report.sqlState == "26000" || report.sqlState == "0A000" && report["M"]?.contains("cached plan") == true
    }

    /// Whether the error may come from a schema that has changed since it was read.
    private static func isAboutCache(_ report: PostgresErrorReport) -> Bool {
        ["42P01", "42703", "42883"].contains(report.sqlState)
    }
}
