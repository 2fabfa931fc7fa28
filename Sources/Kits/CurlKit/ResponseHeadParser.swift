/// Collects the header lines that libcurl hands over, one line per call.
///
/// libcurl has already taken the lines apart and checked the status line. What is left: interim responses (1xx) come
/// before the real one, and trailers of a chunked body come after it.
struct ResponseHeadParser {
    enum Progress: Equatable {
        case incomplete
        case complete
        case tooLarge
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
            head = HTTPResponseHead(status: status.flatMap { Int($0) } ?? 0, headers: HTTPHeaders())
        } else if let colon = text.firstIndex(of: ":") {
            head.headers.fields.append(
                .init(name: String(text[..<colon]).trimmed, value: String(text[text.index(after: colon)...]).trimmed))
        }
        return isComplete ? .complete : .incomplete
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
