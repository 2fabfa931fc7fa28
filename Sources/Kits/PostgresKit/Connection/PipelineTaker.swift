import CPostgres

/// Takes the results of a pipeline, and before them those of the deallocations that travel ahead of it.
struct PipelineTaker: ResultTaker {
    private let limitBytes: Int
    /// For each message to the server, whether it only prepares.
    private let isPreparation: [Bool]
    /// Whether the results of the deallocations are not all there yet.
    private var isDeallocating: Bool
    private var place = 0
    private(set) var byteCount = 0
    /// Rows so far of a result that is not whole yet.
    private var partial: PostgresPipelineResult?
    private(set) var results: [PostgresPipelineResult] = []
    private(set) var refusal: (statement: Int, report: PostgresErrorReport)?
    private(set) var failure: PostgresError?
    private(set) var isTooLarge = false
    private(set) var isCopy = false
    /// Names, from the first, that the server does not hold any longer.
    private(set) var deallocated = 0
    /// Statements that were prepared.
    private(set) var preparations = 0
    private(set) var endsAtPause = false
    private(set) var violation: String?

    /// - Parameters:
    ///   - deallocations: number of names that are deallocated ahead; zero where nothing is, nor synchronized.
    ///   - preparations: for each message of the pipeline, whether it only prepares.
    init(limitBytes: Int, deallocations: Int, preparations: [Bool]) {
        self.limitBytes = limitBytes
        isDeallocating = deallocations > 0
        isPreparation = preparations
    }

    var stopReason: PostgresError? { isTooLarge ? .resultTooLarge(limitBytes: limitBytes) : nil }

    mutating func take(_ result: OpaquePointer) {
        guard !isDeallocating else { return takeDeallocation(result) }
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: end()
        case PGRES_PIPELINE_ABORTED: place += 1
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY, PGRES_SINGLE_TUPLE: takeResult(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: isCopy = true
        default: takeError(result)
        }
    }

    /// After an error the server skips the others, and the next pipeline tries them again.
    private mutating func takeDeallocation(_ result: OpaquePointer) {
        switch PQresultStatus(result) {
        case PGRES_PIPELINE_SYNC: isDeallocating = false
        case PGRES_PIPELINE_ABORTED: break
        case PGRES_COMMAND_OK: deallocated += 1
        default:
            guard PQresultErrorField(result, Int32(UInt8(ascii: "C"))) != nil else { return takeLoss(result) }
            // A name that the server does not know needs no deallocation; one kept for another reason is tried again.
            if PostgresErrorReport(result).sqlState == PostgresState.invalidStatementName { deallocated += 1 }
        }
    }

    private mutating func takeLoss(_ result: OpaquePointer) {
        failure = failure ?? .connectionLost(reason: ServerReport.firstLine(PQresultErrorMessage(result)))
    }

    /// The pipeline is over: without an error, every statement has its result.
    private mutating func end() {
        endsAtPause = true
        if refusal == nil, failure == nil, place != isPreparation.count {
            violation = "a pipeline ended without the results of all statements"
        }
    }

    /// A statement that follows one whose rows came one at a time may get its own so, too: libpq forgets this late.
    private mutating func takeResult(_ result: OpaquePointer) {
        guard place < isPreparation.count, refusal == nil else {
            violation = "a pipeline has a result that no statement is waiting for"
            return
        }
        guard !isPreparation[place] else {
            preparations += 1
            place += 1
            return
        }
        let width = PQnfields(result)
        var taken = partial ?? PostgresPipelineResult(types: (0..<width).map { PQftype(result, $0) })
        partial = nil
        guard taken.types.count == Int(width) else {
            violation = "a row came with another number of columns"
            return
        }
        for row in 0..<PQntuples(result) where !isTooLarge {
            taken.rows.append((0..<width).map { cell(result, row: row, column: $0) })
            isTooLarge = byteCount > limitBytes
        }
        guard PQresultStatus(result) != PGRES_SINGLE_TUPLE else { return partial = taken }
        taken.commandTag = PQcmdStatus(result).map { String(cString: $0) } ?? ""
        results.append(taken)
        place += 1
    }

    private mutating func cell(_ result: OpaquePointer, row: Int32, column: Int32) -> [UInt8]? {
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else { return nil }
        let length = Int(PQgetlength(result, row, column))
        byteCount += length
        return Array(UnsafeRawBufferPointer(start: value, count: length))
    }

    private mutating func takeError(_ result: OpaquePointer) {
        defer { place += 1 }
        guard PQresultErrorField(result, Int32(UInt8(ascii: "C"))) != nil else { return takeLoss(result) }
        guard refusal == nil else { return }
        let statement = isPreparation.prefix(place).count { !$0 }
        refusal = (statement, PostgresErrorReport(result))
    }
}
