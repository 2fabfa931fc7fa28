/// Takes a body of the type multipart/form-data apart (RFC 7578) while it comes in. Keeps no more of it than a
/// boundary's length and the head of one part.
struct MultipartForm {
    /// What was found, in the order of the body.
    enum Event: Equatable {
        /// A part begins.
        case part(Part)
        /// Bytes of the part.
        case bytes([UInt8])
        /// The part has ended.
        case end
    }

    /// The head of a part.
    struct Part: Equatable {
        /// Name of the form's field.
        var name: String
        /// Nil for a field that is no file.
        var fileName: String?
        var type: String?
    }

    /// Why a body is refused.
    struct Malformed: Error {}

    /// Longest head of a part, in bytes.
    static let headBytesMax = 16 << 10
    private static let boundaryBytesMax = 70

    private enum State {
        case preamble
        case afterBoundary
        case head
        case content
        case epilogue
    }

    private let delimiter: [UInt8]
    private var state = State.preamble
    private var buffer: [UInt8]
    /// Bytes at the beginning of the buffer that belong to the head, not to the content.
    private var skipped = 0

    /// Nil for a content type without a usable boundary.
    init?(contentType: String) {
        let boundary = Array((Disposition.parameters(contentType)["boundary"] ?? "").utf8)
        guard (1...Self.boundaryBytesMax).contains(boundary.count) else { return nil }
        delimiter = Array("\r\n--".utf8) + boundary
        // The first boundary has no line before it.
        buffer = Array("\r\n".utf8)
    }

    /// Whether the last boundary was read.
    var isFinished: Bool { state == .epilogue }

    /// Takes bytes in.
    mutating func take(_ bytes: [UInt8]) throws(Malformed) -> [Event] {
        buffer += bytes
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// Whether there may be more in the buffer.
    private mutating func step(_ events: inout [Event]) throws(Malformed) -> Bool {
        switch state {
        case .preamble:
            guard let found = Self.find(delimiter, in: buffer) else {
                guard buffer.count <= Self.headBytesMax else { throw Malformed() }
                return false
            }
            buffer.removeFirst(found + delimiter.count)
            state = .afterBoundary
        case .afterBoundary: return try afterBoundary()
        case .head: return try head(&events)
        case .content: return content(&events)
        case .epilogue:
            buffer = []
            return false
        }
        return true
    }

    private mutating func afterBoundary() throws(Malformed) -> Bool {
        guard buffer.count >= 2 else { return false }
        if buffer.starts(with: Array("--".utf8)) {
            state = .epilogue
            return true
        }
        guard let end = Self.find([13, 10], in: buffer) else {
            guard buffer.count <= Self.headBytesMax else { throw Malformed() }
            return false
        }
        guard buffer[..<end].allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { throw Malformed() }
        buffer.removeFirst(end + 2)
        // So that a head without lines ends, too.
        buffer.insert(contentsOf: [13, 10], at: 0)
        state = .head
        return true
    }

    private mutating func head(_ events: inout [Event]) throws(Malformed) -> Bool {
        guard let end = Self.find(Array("\r\n\r\n".utf8), in: buffer) else {
            guard buffer.count <= Self.headBytesMax else { throw Malformed() }
            return false
        }
        guard end <= Self.headBytesMax, let text = String(validating: buffer[..<end], as: UTF8.self) else {
            throw Malformed()
        }
        buffer.removeFirst(end + 4)
        events.append(.part(try Self.part(text)))
        // A part without content ends where it begins: its boundary shares the line's end with the head.
        buffer.insert(contentsOf: [13, 10], at: 0)
        skipped = 2
        state = .content
        return true
    }

    private mutating func content(_ events: inout [Event]) -> Bool {
        if let found = Self.find(delimiter, in: buffer) {
            if found > skipped { events.append(.bytes(Array(buffer[skipped..<found]))) }
            skipped = 0
            events.append(.end)
            buffer.removeFirst(found + delimiter.count)
            state = .afterBoundary
            return true
        }
        let safe = buffer.count - delimiter.count + 1
        if safe > skipped {
            events.append(.bytes(Array(buffer[skipped..<safe])))
            buffer.removeFirst(safe)
            skipped = 0
        }
        return false
    }

    private static func part(_ text: String) throws(Malformed) -> Part {
        var part: Part?
        var type: String?
        for line in text.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw Malformed() }
            let value = String(line[line.index(after: colon)...]).trimmed
            switch line[..<colon].trimmed.lowercased() {
            case "content-disposition":
                let parameters = Disposition.parameters(value)
                part = Part(name: parameters["name"] ?? "", fileName: parameters["filename"] ?? parameters["filename*"])
            case "content-type": type = value
            default: break
            }
        }
        guard var part else { throw Malformed() }
        part.type = type
        return part
    }

    /// Where a pattern first stands.
    private static func find(_ pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard let first = pattern.first, bytes.count >= pattern.count else { return nil }
        let last = bytes.count - pattern.count
        var index = 0
        while index <= last, let candidate = bytes[index...last].firstIndex(of: first) {
            if bytes[candidate..<candidate + pattern.count].elementsEqual(pattern) { return candidate }
            index = candidate + 1
        }
        return nil
    }
}

/// Parameters of a header such as `form-data; name="a"; filename="b"`.
enum Disposition {
    static func parameters(_ header: String) -> [String: String] {
        var found: [String: String] = [:]
        var rest = header[...]
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(of: "=") else { break }
            let name = rest[..<equals].trimmed.lowercased()
            rest = rest[rest.index(after: equals)...]
            var value = ""
            if rest.first == "\"" {
                rest.removeFirst()
                while let character = rest.popFirst(), character != "\"" {
                    value.append(character == "\\" ? rest.popFirst() ?? "\\" : character)
                }
            } else {
                value = rest.prefix { $0 != ";" }.trimmed
                rest = rest.drop { $0 != ";" }
            }
            found[name] = value
        }
        return found
    }
}
