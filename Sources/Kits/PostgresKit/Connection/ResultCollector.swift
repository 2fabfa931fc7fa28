import CPostgres

/// Takes the results of one exchange with the server, one row at a time.
protocol ResultTaker {
    /// Takes over what `result` holds. The caller clears it.
    mutating func take(_ result: OpaquePointer)

    /// Why no more rows are needed: the statement is then cancelled.
    var stopReason: PostgresError? { get }

    /// Set when the server has switched to the COPY protocol, which the kit does not speak.
    var isCopy: Bool { get }

    /// What the server sent that is no answer to what it was asked; the connection is then closed.
    var violation: String? { get }

    /// Whether the exchange is over when libpq has no result; in a pipeline that only ends one statement.
    var endsAtPause: Bool { get }
}

extension ResultTaker {
    var endsAtPause: Bool { true }
}

/// Gathers the result of one exchange with the server, row by row, into values that no longer need libpq.
struct ResultCollector: ResultTaker {
    private let limitBytes: Int
    private let parameterTexts: [String]
    /// Whether the exchange is one statement, whose rows are kept; a script may have results of any form.
    private let keepsRows: Bool
    private var order = ResultOrder()
    private var columns = PostgresColumns(names: [], types: [])
    private var cells: [String?] = []
    private var rowCount = 0
    private var commandTag = ""
    private var byteCount = 0

    /// The first error that the server reported.
    private(set) var failure: PostgresError?

    /// Set once the values hold more bytes than allowed; what comes after is dropped.
    private(set) var isTooLarge = false

    private(set) var isCopy = false

    init(limitBytes: Int, parameterTexts: [String], keepsRows: Bool = true) {
        self.limitBytes = limitBytes
        self.parameterTexts = parameterTexts
        self.keepsRows = keepsRows
    }

    var stopReason: PostgresError? { isTooLarge ? .resultTooLarge(limitBytes: limitBytes) : nil }

    var violation: String? { order.violation }

    mutating func take(_ result: OpaquePointer) {
        switch PQresultStatus(result) {
        case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            guard order.admit(ResultShape(result), isOnlyOne: keepsRows) else { return }
            takeRows(result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            isCopy = true
        default:
            order.fail()
            failure = failure ?? ServerReport.error(result, removing: parameterTexts)
        }
    }

    /// The rows, once the exchange has ended without an error.
    var rows: PostgresRows {
        PostgresRows(columns: columns, cells: cells, rowCount: rowCount, commandTag: commandTag)
    }

    private mutating func takeRows(_ result: OpaquePointer) {
        let width = PQnfields(result)
        if keepsRows, rowCount == 0 { columns = Self.columns(of: result, width: width) }
        for row in 0..<PQntuples(result) where !isTooLarge {
            for column in 0..<width { takeCell(result, row: row, column: column) }
            rowCount += keepsRows ? 1 : 0
            if byteCount > limitBytes {
                isTooLarge = true
                cells = []
                rowCount = 0
            }
        }
        if let tag = PQcmdStatus(result), tag.pointee != 0 { commandTag = String(cString: tag) }
    }

    private mutating func takeCell(_ result: OpaquePointer, row: Int32, column: Int32) {
        let length = Int(PQgetlength(result, row, column))
        byteCount += length + MemoryLayout<String?>.size
        guard keepsRows else { return }
        guard PQgetisnull(result, row, column) == 0, let value = PQgetvalue(result, row, column) else {
            return cells.append(nil)
        }
        cells.append(String(decoding: UnsafeRawBufferPointer(start: value, count: length), as: UTF8.self))
    }

    private static func columns(of result: OpaquePointer, width: Int32) -> PostgresColumns {
        PostgresColumns(
            names: (0..<width).map { PQfname(result, $0).map { String(cString: $0) } ?? "" },
            types: (0..<width).map { PostgresTypeID(number: PQftype(result, $0)) })
    }
}
