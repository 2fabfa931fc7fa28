/// Reads the answer to a ``DirectRequest`` out of the bytes of a connection, whatever their pieces are.
struct DirectReader {
    /// What is waited for: the answer to one pipeline.
    private struct Answer {
        var types: [[UInt32]?]
        var results: [PostgresPipelineResult] = []
        var rows: [[[UInt8]?]] = []
        var parses = 0
        var closings = 0
        var refusal: (statement: Int, report: PostgresErrorReport)?

        /// Whether a statement is waiting for a result.
        private var isOpen: Bool { results.count < types.count && refusal == nil }

        mutating func describe(_ columns: [UInt32]) -> PostgresError? {
            guard isOpen else { return DirectReader.unasked }
            types[results.count] = columns
            return nil
        }

        mutating func take(row: [[UInt8]?]) -> PostgresError? {
            guard isOpen else { return DirectReader.unasked }
            guard types[results.count]?.count == row.count else {
                return .protocolViolation(reason: "a row came with another number of columns")
            }
            rows.append(row)
            return nil
        }

        mutating func endStatement(tag: String) -> PostgresError? {
            guard isOpen else { return DirectReader.unasked }
            results.append(PostgresPipelineResult(rows: rows, types: types[results.count] ?? [], commandTag: tag))
            rows = []
            return nil
        }
    }

    private static let headerBytes = 5
    private static let lengthBytes = 4

    private let limitBytes: Int
    private let room: PostgresResultRoom?
    private var answer: Answer?

    /// A header that has not come whole.
    private var header: [UInt8] = []
    private var letter: UInt8 = 0
    /// Bytes of the message that have not come; nil between messages.
    private var left: Int?
    /// What has come of a message that is no row.
    private var body: [UInt8] = []
    private var row = DirectRowReader(length: 0)
    private var rowBytes = 0
    private var reportBytes = 0
    private var share: (any PostgresResultShare)?

    /// Why the connection is of no use any more.
    private(set) var failure: PostgresError?
    /// What the server said last without being asked, for instance why it closes the connection.
    private(set) var lastWords: String?
    /// What the server is ready for; nil while an answer is waited for.
    private(set) var status: ConnectionStatus?

    /// - Parameters:
    ///   - limitBytes: bytes of one message, and of all rows of an answer.
    ///   - room: makes shares of the room for results.
    init(limitBytes: Int, room: PostgresResultRoom?) {
        self.limitBytes = limitBytes
        self.room = room
    }

    /// Whether nothing of a message has come.
    var isBetweenMessages: Bool { left == nil && header.isEmpty }

    /// An answer is waited for.
    mutating func begin(types: [[UInt32]?]) {
        answer = Answer(types: types)
        answer?.results.reserveCapacity(types.count)
        status = nil
        (rowBytes, reportBytes, share) = (0, 0, nil)
    }

    /// What an answer was, once the server is ready again.
    struct Outcome {
        let outcome: PostgresPipelineOutcome
        let share: (any PostgresResultShare)?
        /// Types of each statement's columns, as far as the answer came.
        let types: [[UInt32]?]
        /// Statements that were prepared.
        let parses: Int
        /// Names that were forgotten.
        let closings: Int
    }

    /// Ends the wait. Nil where there was none, or where the answer is not what was asked for: then ``failure`` says so.
    mutating func end() -> Outcome? {
        guard let answer else { return nil }
        defer { (self.answer, share) = (nil, nil) }
        let outcome: PostgresPipelineOutcome
        if let (statement, report) = answer.refusal {
            outcome = .refused(statement: statement, report)
        } else {
            guard answer.results.count == answer.types.count else {
                failure = .protocolViolation(reason: "a pipeline ended without the results of all statements")
                return nil
            }
            outcome = .finished(answer.results)
        }
        return Outcome(
            outcome: outcome, share: share, types: answer.types, parses: answer.parses, closings: answer.closings)
    }

    /// Takes the next bytes, unless the connection is of no use, and not beyond the end of the answer that is waited
    /// for: what comes behind it is no part of it.
    ///
    /// - Returns: how many bytes were taken; none only where ``failure`` says why.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        while position < bytes.count, failure == nil {
            if let left {
                let count = min(left, bytes.count - position)
                takeBody(UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]), of: left)
                position += count
            } else {
                position += takeHeader(bytes, from: position)
            }
            if answer != nil, status != nil, isBetweenMessages { break }
        }
        return position
    }

    /// How many bytes belong to the header.
    private mutating func takeHeader(_ bytes: UnsafeRawBufferPointer, from position: Int) -> Int {
        let count = min(Self.headerBytes - header.count, bytes.count - position)
        if header.isEmpty, count == Self.headerBytes {
            readHeader(UnsafeRawBufferPointer(rebasing: bytes[position..<position + count]))
            return count
        }
        header.append(contentsOf: bytes[position..<position + count])
        guard header.count == Self.headerBytes else { return count }
        let whole = header
        header = []
        whole.withUnsafeBytes { readHeader($0) }
        return count
    }

    private mutating func readHeader(_ bytes: UnsafeRawBufferPointer) {
        letter = bytes[0]
        let length = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self))) - Self.lengthBytes
        guard length >= 0 else { return refuse(.malformed) }
        guard length <= limitBytes else { return refuse(.tooLarge(limitBytes: limitBytes)) }
        if letter == UInt8(ascii: "D") {
            row = DirectRowReader(length: length)
            countRow(length)
        } else {
            countOther(length)
        }
        left = length
        if length == 0 { takeBody(UnsafeRawBufferPointer(start: nil, count: 0), of: 0) }
    }

    private mutating func countRow(_ length: Int) {
        rowBytes += length
        guard rowBytes <= limitBytes else { return refuse(.tooLarge(limitBytes: limitBytes)) }
        guard let room else { return }
        let share = share ?? room()
        self.share = share
        if !share.grow(to: rowBytes) { refuse(.noRoom) }
    }

    private mutating func countOther(_ length: Int) {
        let bytesMax = PostgresProtocolLimit.otherMessageBytes
        if letter == UInt8(ascii: "E") { reportBytes += length }
        if max(length, reportBytes) > bytesMax { refuse(.notRowsTooLarge(limitBytes: bytesMax)) }
    }

    private mutating func refuse(_ refusal: MessageRefusal) { failure = PostgresError(refusedAnswer: refusal) }

    private mutating func takeBody(_ bytes: UnsafeRawBufferPointer, of left: Int) {
        let isWhole = bytes.count == left
        self.left = isWhole ? nil : left - bytes.count
        if letter == UInt8(ascii: "D") {
            guard row.take(bytes) else { return refuse(.malformed) }
            if isWhole { endRow() }
        } else if isWhole, body.isEmpty {
            take(message: bytes)
        } else {
            body.append(contentsOf: bytes)
            guard isWhole else { return }
            let whole = body
            body = []
            whole.withUnsafeBytes { take(message: $0) }
        }
    }

    private mutating func endRow() {
        guard row.isWhole else { return refuse(.malformed) }
        failure = answer.apply(otherwise: Self.unasked) { $0.take(row: row.values) }
        row = DirectRowReader(length: 0)
    }

    // MARK: Messages that are no rows

    private mutating func take(message bytes: UnsafeRawBufferPointer) {
        switch letter {
        case UInt8(ascii: "1"): answer?.parses += 1
        case UInt8(ascii: "3"): answer?.closings += 1
        case UInt8(ascii: "2"), UInt8(ascii: "N"), UInt8(ascii: "S"), UInt8(ascii: "A"): break
        case UInt8(ascii: "T"): describe(DirectMessages.types(bytes))
        case UInt8(ascii: "n"): describe([])
        case UInt8(ascii: "C"): endStatement(tag: DirectMessages.text(bytes[...]))
        case UInt8(ascii: "I"): endStatement(tag: "")
        case UInt8(ascii: "E"): takeError(PostgresErrorReport(message: bytes))
        case UInt8(ascii: "Z"):
            guard answer != nil, bytes.count == 1 else { return failure = Self.unasked }
            status = bytes[0] == UInt8(ascii: "I") ? .idle : .inTransaction
            reportBytes = 0
        case UInt8(ascii: "G"), UInt8(ascii: "H"), UInt8(ascii: "W"):
            failure = .invalidConfiguration(reason: "COPY is not supported on this connection")
        default: refuse(.malformed)
        }
    }

    private static let unasked =
        PostgresError.protocolViolation(reason: "a pipeline has a result that no statement is waiting for")

    private mutating func describe(_ types: [UInt32]?) {
        guard let types else { return refuse(.malformed) }
        failure = answer.apply(otherwise: Self.unasked) { $0.describe(types) }
    }

    private mutating func endStatement(tag: String) {
        failure = answer.apply(otherwise: Self.unasked) { $0.endStatement(tag: tag) }
    }

    private mutating func takeError(_ report: PostgresErrorReport) {
        lastWords = report["M"]
        guard answer?.refusal == nil, let place = answer?.results.count else { return }
        answer?.refusal = (place, report)
    }
}

extension Optional {
    /// What a change of the value gives; `error` where there is none.
    fileprivate mutating func apply<Failure>(
        otherwise error: Failure, _ change: (inout Wrapped) -> Failure?
    ) -> Failure? {
        guard var value = self else { return error }
        // Out of its place, so that no copy is made.
        self = nil
        defer { self = value }
        return change(&value)
    }
}
