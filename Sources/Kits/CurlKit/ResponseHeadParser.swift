/// Collects the header lines that libcurl hands over, one line per call.
///
/// libcurl has already taken the lines apart and checked the status line. What is left: interim responses (1xx) come
/// before the real one, and trailers of a chunked body come after it.
struct ResponseHeadParser {
    enum Progress: Equatable {
        case incomplete
        case complete
        case tooLarge
        /// The body comes in a transfer coding other than `chunked`.
        case unknownCoding
    }

    let limitBytes: Int
    private(set) var head = HTTPResponseHead(status: 0, headers: HTTPHeaders())
    private(set) var isComplete = false
    private var totalBytes = 0

    init(limitBytes: Int) {
        self.limitBytes = limitBytes
    }

    mutating func consume(_ line: some Collection<UInt8>) -> Progress {
        totalBytes += line.count
        if totalBytes > limitBytes { return .tooLarge }
        if isComplete { return .complete }
        let text = String(decoding: line, as: UTF8.self).trimmed
        if text.isEmpty {
            isComplete = head.status >= 200
        } else if text.hasPrefix("HTTP/"), !text.prefix(while: { $0 != " " }).contains(":") {
            let status = text.split(separator: " ", omittingEmptySubsequences: true).dropFirst().first
            head = HTTPResponseHead(status: status.flatMap(Self.status) ?? 0, headers: HTTPHeaders())
        } else if let colon = text.firstIndex(of: ":") {
            let field = HTTPHeaders.Field(
                name: String(text[..<colon]).trimmed, value: String(text[text.index(after: colon)...]).trimmed)
            guard Self.isKnownCoding(field) else { return .unknownCoding }
            head.headers.fields.append(field)
        }
        return isComplete ? .complete : .incomplete
    }

    /// Three digits; libcurl reads no more of them.
    private static func status(_ digits: Substring) -> Int? {
        digits.utf8.count == 3 ? Int(digits).flatMap { $0 < 100 ? nil : $0 } : nil
    }

    /// Whether libcurl takes off nothing but chunks. It would also decompress, as often as the field says (`gzip, gzip`),
    /// though nothing asks for it: a few bytes of a hostile server could keep the thread of all transfers for minutes.
    private static func isKnownCoding(_ field: HTTPHeaders.Field) -> Bool {
        guard field.name.lowercased() == "transfer-encoding" else { return true }
        return field.value.split(separator: ",").allSatisfy { coding in
            ["chunked", "identity"].contains(String(coding).trimmed.lowercased())
        }
    }
}

extension String {
    /// Without spaces, tabs and line ends at both ends.
    fileprivate var trimmed: String {
        let isBlank = { (byte: UInt8) in byte == 32 || (9...13).contains(byte) }
        guard let first = utf8.firstIndex(where: { !isBlank($0) }),
            let last = utf8.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first...last])
    }
}
