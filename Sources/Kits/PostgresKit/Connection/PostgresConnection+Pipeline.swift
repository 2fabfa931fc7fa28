import CPostgres
import Glibc
import Locks

/// One statement of a pipeline.
public struct PostgresStatement: Sendable, Equatable {
    /// The SQL text; the same for statements of the same shape, so that it is prepared once.
    public var sql: String
    /// Values of `$1`, `$2` … in text form; nil is NULL. PostgreSQL derives their types.
    public var parameters: [String?]
    /// Whether it is prepared under a name and kept; not for texts that never come again. Texts longer than
    /// ``PostgresLimits/maximumPreparedBytes`` are not.
    public var isPrepared: Bool

    /// A statement.
    public init(_ sql: String, _ parameters: [String?] = [], isPrepared: Bool = true) {
        self.sql = sql
        self.parameters = parameters
        self.isPrepared = isPrepared
    }
}

/// Rows of one statement of a pipeline, in text form.
public struct PostgresPipelineResult: Sendable, Equatable {
    /// Values by row; nil is NULL.
    public var rows: [[[UInt8]?]] = []
    /// Object ids of the columns' types; of a domain the type behind it.
    public var types: [UInt32] = []
    /// The command tag, for instance `INSERT 0 3`.
    public var commandTag = ""
}

/// How a pipeline ended.
public enum PostgresPipelineOutcome: Sendable, Equatable {
    /// Every statement has its result.
    case finished([PostgresPipelineResult])
    /// The server refused a statement; those after it were not run. A transaction that the pipeline began is aborted
    /// and still open.
    case refused(statement: Int, PostgresErrorReport)
}

extension PostgresConnection {
    /// Sends several statements at once and reads their results together: one round trip for any number of statements.
    ///
    /// A pipeline that began a transaction and was refused leaves it open: ``rollBackPipeline()`` ends it.
    ///
    /// - Throws: what keeps the exchange from ending: a lost connection, the deadline, cancellation. The connection is
    ///   then closed or outside of any transaction's control, and the pool does not keep it.
    public func pipeline(
        _ statements: [PostgresStatement], deadline: Duration? = nil
    ) async throws(PostgresError) -> PostgresPipelineOutcome {
        try await sharedPipeline(statements, deadline: deadline).outcome
    }

    /// The same, with what the results take of ``PostgresLimits/resultRoom``: who keeps them keeps it, too.
    public func sharedPipeline(
        _ statements: [PostgresStatement], deadline: Duration? = nil
    ) async throws(PostgresError) -> (outcome: PostgresPipelineOutcome, share: (any PostgresResultShare)?) {
        if let answer = try await directPipeline(statements, deadline: deadline, isShielded: false) { return answer }
        let encoded = try statements.map { statement throws(PostgresError) in
            try EncodedParameters(statement.parameters.map { $0.map { .text($0) } ?? .null })
        }
        return try await onThread(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in
            let outcome = try wire.pipeline(statements, parameters: encoded, interrupt: interrupt)
            return (outcome, wire.takeShare())
        }
    }

    /// Without libpq, where the socket is watched and the pipeline is not too large; else nil.
    private func directPipeline(
        _ statements: [PostgresStatement], deadline: Duration?, isShielded: Bool
    ) async throws(PostgresError) -> DirectLine.Answer? {
        guard let line = line.withLock({ $0 }) else { return nil }
        let byteCount = try statements.countedBytes()
        guard byteCount <= DirectLine.requestBytesMax else { return nil }
        return try await line.run(
            statements, byteCount: byteCount, within: deadline ?? limits.statementDeadline, isShielded: isShielded)
    }

    /// Ends what a refused pipeline left open.
    public func rollBackPipeline() async throws(PostgresError) {
        guard thread.status == .inTransaction else { return }
        let end = [PostgresStatement("ROLLBACK", isPrepared: false)]
        if try await directPipeline(end, deadline: nil, isShielded: true) != nil { return }
        _ = try await command("ROLLBACK", deadline: nil, isShielded: true)
    }
}

/// One message to the server.
private enum PipelineStep {
    case prepare(name: String, sql: String)
    case run(name: String, EncodedParameters)
    case runOnce(sql: String, EncodedParameters)

    /// Hands it to libpq; zero means that it refused.
    func send(_ connection: OpaquePointer) -> Int32 {
        switch self {
        case .prepare(let name, let sql): PQsendPrepare(connection, name, sql, 0, nil)
        case .run(let name, let parameters):
            parameters.withPointers { PQsendQueryPrepared(connection, name, $0, $1, nil, nil, 0) }
        case .runOnce(let sql, let parameters):
            parameters.withPointers { PQsendQueryParams(connection, sql, $0, nil, $1, nil, nil, 0) }
        }
    }

    var isPreparation: Bool {
        if case .prepare = self { true } else { false }
    }
}

extension PostgresWire {
    /// Runs a pipeline. A statement whose prepared form is stale is forgotten; the caller runs the whole again.
    func pipeline(
        _ list: [PostgresStatement], parameters: [EncodedParameters], interrupt: Interrupt
    ) throws(PostgresError) -> PostgresPipelineOutcome {
        let connection = try open()
        let steps = steps(list, parameters)
        if parameters.contains(where: { $0.byteCount > PostgresProtocolLimit.keptBufferBytes }) { hasGrown = true }
        // Inside a transaction an error of theirs would abort it.
        let garbage = status == .idle ? statements.garbage : []
        guard PQenterPipelineMode(connection) == 1 else {
            throw .invalidConfiguration(reason: "the connection is busy and takes no pipeline")
        }
        // Also when nothing was sent: the connection would stay unusable.
        defer { leavePipeline() }
        var taker = PipelineTaker(
            limitBytes: limits.maximumResultBytes, deallocations: garbage.count,
            preparations: steps.map(\.isPreparation))
        let exchange = Exchange(isRowByRow: false) { connection in
            guard Self.sendDeallocations(of: garbage, connection) == 1 else { return 0 }
            for step in steps where step.send(connection) != 1 { return 0 }
            return PQpipelineSync(connection)
        }
        let interruption = try converse(exchange, interrupt: interrupt, taker: &taker)
        statements.deallocated(first: taker.deallocated)
        if let failure = try lostConnection(taker.failure) { throw failure }
        settle(steps, list: list, taker: taker)
        if taker.isTooLarge { throw .resultTooLarge(limitBytes: limits.maximumResultBytes) }
        try takeRoom(bytes: taker.byteCount)
        if let interruption { throw interruption }
        if let (number, report) = taker.refusal { return .refused(statement: number, report) }
        return .finished(taker.results)
    }

    private func leavePipeline() {
        // Nil when the exchange has dropped it.
        if let connection { PQexitPipelineMode(connection) }
    }

    /// Lets the server forget names, in the round trip of the pipeline but apart from it: they end in a synchronization
    /// of their own. Without it an error of theirs would end the pipeline, and with the snapshot that they take its
    /// `BEGIN` could no longer choose an isolation level. Zero means that libpq refused.
    private static func sendDeallocations(of names: [String], _ connection: OpaquePointer) -> Int32 {
        guard !names.isEmpty else { return 1 }
        for name in names {
            let sql = StatementCache.deallocation(of: name)
            guard PQsendQueryParams(connection, sql, 0, nil, nil, nil, nil, 0) == 1 else { return 0 }
        }
        return PQpipelineSync(connection)
    }

    private func steps(_ list: [PostgresStatement], _ parameters: [EncodedParameters]) -> [PipelineStep] {
        var made: [String: String] = [:]
        return zip(list, parameters).flatMap { statement, parameters -> [PipelineStep] in
            guard statement.isPrepared, isKept(statement.sql) else { return [.runOnce(sql: statement.sql, parameters)] }
            if let known = statements.name(of: statement.sql) ?? made[statement.sql] {
                return [.run(name: known, parameters)]
            }
            let name = statements.newName()
            made[statement.sql] = name
            return [.prepare(name: name, sql: statement.sql), .run(name: name, parameters)]
        }
    }

    /// Statements that the server now has under a name are kept; one that it calls stale is forgotten.
    private func settle(_ steps: [PipelineStep], list: [PostgresStatement], taker: PipelineTaker) {
        var left = taker.preparations
        for case .prepare(let name, let sql) in steps where left > 0 {
            statements.insert(sql, name: name)
            left -= 1
        }
        guard let (number, report) = taker.refusal, list.indices.contains(number) else { return }
        if report.sqlState == PostgresState.invalidStatementName { statements.reset() }
        if report.sqlState == PostgresState.featureNotSupported { statements.forget(list[number].sql) }
    }
}
