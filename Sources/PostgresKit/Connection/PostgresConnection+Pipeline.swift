import CPostgres
import Glibc

/// One statement of a pipeline.
public struct PostgresStatement: Sendable, Equatable {
    /// The SQL text; the same for statements of the same shape, so that it is prepared once.
    public var sql: String
    /// Values of `$1`, `$2` … in text form; nil is NULL. PostgreSQL derives their types.
    public var parameters: [String?]
    /// Whether it is prepared under a name and kept; not for texts that never come again.
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
    /// Sends several statements at once and reads their results together: one round trip, whatever their number.
    ///
    /// A pipeline that began a transaction and was refused leaves it open: ``rollBackPipeline()`` ends it.
    ///
    /// - Throws: what keeps the exchange from ending: a lost connection, the deadline, cancellation. The connection is
    ///   then closed or outside of any transaction's control, and the pool does not keep it.
    public func pipeline(
        _ statements: [PostgresStatement], deadline: Duration? = nil
    ) async throws(PostgresError) -> PostgresPipelineOutcome {
        let encoded = try statements.map { statement throws(PostgresError) in
            try EncodedParameters(statement.parameters.map { $0.map { .text($0) } ?? .null })
        }
        return try await thread.perform(within: deadline ?? limits.statementDeadline) {
            wire, interrupt throws(PostgresError) in
            try wire.pipeline(statements, encoded, interrupt)
        }
    }

    /// Ends what a refused pipeline left open.
    public func rollBackPipeline() async throws(PostgresError) {
        guard thread.status == .inTransaction else { return }
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
        _ list: [PostgresStatement], _ parameters: [EncodedParameters], _ interrupt: Interrupt
    ) throws(PostgresError) -> PostgresPipelineOutcome {
        let connection = try open()
        let steps = steps(list, parameters)
        guard PQenterPipelineMode(connection) == 1 else {
            throw .invalidConfiguration(reason: "the connection is busy and takes no pipeline")
        }
        var taker = PipelineTaker(limitBytes: limits.maximumResultBytes, preparations: steps.map(\.isPreparation))
        let exchange = Exchange(isRowByRow: false) { connection in
            for step in steps where step.send(connection) != 1 { return 0 }
            return PQpipelineSync(connection)
        }
        let interruption = try converse(exchange, interrupt, &taker)
        PQexitPipelineMode(connection)
        if let failure = try lostConnection(taker.failure) { throw failure }
        if taker.isTooLarge { throw .resultTooLarge(limitBytes: limits.maximumResultBytes) }
        settle(steps, list, taker)
        if let interruption { throw interruption }
        if let (number, report) = taker.refusal { return .refused(statement: number, report) }
        return .finished(taker.results)
    }

    private func steps(_ list: [PostgresStatement], _ parameters: [EncodedParameters]) -> [PipelineStep] {
        var made: [String: String] = [:]
        return zip(list, parameters).flatMap { statement, parameters -> [PipelineStep] in
            guard statement.isPrepared else { return [.runOnce(sql: statement.sql, parameters)] }
            if let known = statements.name(of: statement.sql) ?? made[statement.sql] {
                return [.run(name: known, parameters)]
            }
            let name = statements.newName()
            made[statement.sql] = name
            return [.prepare(name: name, sql: statement.sql), .run(name: name, parameters)]
        }
    }

    /// Statements that the server now has under a name are kept; one that it calls stale is forgotten.
    private func settle(_ steps: [PipelineStep], _ list: [PostgresStatement], _ taker: PipelineTaker) {
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

/// Takes the results of a pipeline.
struct PipelineTaker: ResultTaker {
    private let limitBytes: Int
    /// For each message to the server, whether it only prepares.
    private let isPreparation: [Bool]
    private var place = 0
    private var byteCount = 0
    private(set) var results: [PostgresPipelineResult] = []
    private(set) var refusal: (statement: Int, report: PostgresErrorReport)?
    private(set) var failure: PostgresError?
    private(set) var isTooLarge = false
    private(set) var isCopy = false
    /// Statements that were prepared.
    private(set) var preparations = 0
    private(set) var endsAtPause = false

    init(limitBytes: Int, preparations: [Bool]) {
        self.limitBytes = limitBytes
        isPreparation = preparations
    }

    var stopReason: PostgresError? { isTooLarge ? .resultTooLarge(limitBytes: limitBytes) : nil }

    mutating func take(_ result: OpaquePointer) {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: endsAtPause = true
        case PGRES_PIPELINE_ABORTED: place += 1
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE: takeResult(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: isCopy = true
        default: takeError(result)
        }
    }

    private mutating func takeResult(_ result: OpaquePointer) {
        defer { place += 1 }
        guard place < isPreparation.count, !isPreparation[place] else {
            preparations += 1
            return
        }
        var taken = PostgresPipelineResult()
        let width = PQnfields(result)
        taken.types = (0..<width).map { PQftype(result, $0) }
        for row in 0..<PQntuples(result) where !isTooLarge {
            taken.rows.append((0..<width).map { cell(result, row, $0) })
            isTooLarge = byteCount > limitBytes
        }
        taken.commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        results.append(taken)
    }

    private mutating func cell(_ result: OpaquePointer, _ row: Int32, _ column: Int32) -> [UInt8]? {
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else { return nil }
        let length = Int(PQgetlength(result, row, column))
        byteCount += length
        return Array(UnsafeRawBufferPointer(start: value, count: length))
    }

    private mutating func takeError(_ result: OpaquePointer) {
        defer { place += 1 }
        guard PQresultErrorField(result, Int32(UInt8(ascii: "C"))) != nil else {
            failure = failure ?? .connectionLost(reason: ServerReport.firstLine(PQresultErrorMessage(result)))
            return
        }
        guard refusal == nil else { return }
        let statement = isPreparation.prefix(place).count { !$0 }
        refusal = (statement, PostgresErrorReport(result))
    }
}
