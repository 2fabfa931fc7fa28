import CPostgres

/// Hands the results of one exchange to a sink, row by row.
struct SinkTaker<Sink: PostgresRowSink>: ResultTaker {
    private(set) var sink: Sink
    private let limitBytes: Int

    /// Whether the sink knows the columns of the present statement.
    private var isInResult = false
    private var order = ResultOrder()
    /// Whether the exchange is one statement.
    private let isSingle: Bool

    /// The error that the server reported.
    private(set) var report: PostgresErrorReport?

    /// libpq's own error: then the connection is lost.
    private(set) var failure: PostgresError?

    /// Whether the sink has said that it wants no more.
    private(set) var isStopped = false
    private(set) var isCopy = false

    init(sink: Sink, limitBytes: Int, isSingle: Bool) {
        self.sink = sink
        self.limitBytes = limitBytes
        self.isSingle = isSingle
    }

    var violation: String? { order.violation }

    var stopReason: PostgresError? { isStopped ? .resultTooLarge(limitBytes: limitBytes) : nil }

    mutating func take(_ result: OpaquePointer) {
        let status = PQresultStatus(result)
        switch status {
        case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            guard order.admit(ResultShape(result), isOnlyOne: isSingle) else { return }
            switch status {
            case PGRES_COMMAND_OK: end(result)
            case PGRES_EMPTY_QUERY: break
            default: takeRows(result)
            }
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: isCopy = true
        default: takeError(result)
        }
    }

    private mutating func takeRows(_ result: OpaquePointer) {
        let width = PQnfields(result)
        if !isInResult {
            isInResult = true
            sink.begin(
                (0..<width).map { column in
                    PostgresColumn(
                        name: PQfname(result, column).map { String(cString: $0) } ?? "",
                        type: PQftype(result, column))
                })
        }
        for row in 0..<PQntuples(result) where !isStopped {
            for column in 0..<width { takeCell(result, row: row, column: column) }
            isStopped = !sink.endRow()
        }
        if PQresultStatus(result) == PGRES_TUPLES_OK { end(result) }
    }

    private mutating func takeCell(_ result: OpaquePointer, row: Int32, column: Int32) {
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
            return sink.null()
        }
        let length = Int(PQgetlength(result, row, column))
        value.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
            sink.value(UnsafeBufferPointer(start: bytes, count: length).span)
        }
    }

    private mutating func end(_ result: OpaquePointer) {
        isInResult = false
        if !isStopped { sink.end(commandTag: PQcmdStatus(result).map { String(cString: $0) } ?? "") }
    }

    private mutating func takeError(_ result: OpaquePointer) {
        order.fail()
        guard PQresultErrorField(result, Int32(UInt8(ascii: "C"))) != nil else {
            failure = failure ?? .connectionLost(reason: ServerReport.firstLine(PQresultErrorMessage(result)))
            return
        }
        guard report == nil else { return }
        report = PostgresErrorReport(result)
    }
}
