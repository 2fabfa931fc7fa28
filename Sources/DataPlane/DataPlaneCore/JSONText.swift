/// A JSON document, read once: structure is checked whole, numbers and strings keep their own text.
///
/// Bodies travel to PostgreSQL as they came, so a value here is only as much as the servers have to look at.
public indirect enum JSONText: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number as written in the text: only PostgreSQL interprets its digits.
    case number(String)
    case string(String)
    case array([JSONText])
    /// Members in their order; a repeated name keeps every value.
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        /// The name, escapes resolved.
        public var name: String
        /// The value.
        public var value: JSONText

        /// A member.
        public init(_ name: String, _ value: JSONText) {
            self.name = name
            self.value = value
        }
    }

    /// Bounds of what is read.
    public struct Limits: Sendable {
        /// Deepest nesting of arrays and objects.
        public var depthMax = 128
        /// Most values in the whole document.
        public var valuesMax = 1_000_000

        /// The default bounds.
        public init() {}
    }

    /// Why a text is not read; nothing of it is repeated.
    public struct Failure: Error, Equatable {
        /// Byte of the text at which it stops being JSON, or goes beyond a limit.
        public var offset: Int
    }

    /// Reads a document in UTF-8, as RFC 8259 has it.
    public init(_ bytes: some Collection<UInt8>, limits: Limits = Limits()) throws(Failure) {
        var reader = JSONReader(bytes: Array(bytes), limits: limits)
        self = try reader.document()
    }

    /// The last value of an object's member, as PostgreSQL's jsonb has it.
    public subscript(name: String) -> JSONText? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string.
    public var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array.
    public var arrayValue: [JSONText]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// A number's value; nil for anything else.
    public var doubleValue: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
}

/// Reads JSON in one pass over its bytes.
private struct JSONReader {
    let bytes: [UInt8]
    let limits: JSONText.Limits
    var position = 0
    var count = 0

    init(bytes: [UInt8], limits: JSONText.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    private var failure: JSONText.Failure { JSONText.Failure(offset: position) }
    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func document() throws(JSONText.Failure) -> JSONText {
        let value = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure }
        return value
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private mutating func value(depth: Int) throws(JSONText.Failure) -> JSONText {
        skipSpace()
        count += 1
        guard depth <= limits.depthMax, count <= limits.valuesMax, let byte = next else { throw failure }
        switch byte {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ text: String, _ value: JSONText) throws(JSONText.Failure) -> JSONText {
        let wanted = Array(text.utf8)
        guard bytes[position...].starts(with: wanted) else { throw failure }
        position += wanted.count
        return value
    }

    private mutating func array(depth: Int) throws(JSONText.Failure) -> [JSONText] {
        var elements: [JSONText] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return [] }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure }
        return elements
    }

    private mutating func object(depth: Int) throws(JSONText.Failure) -> [JSONText.Member] {
        var members: [JSONText.Member] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return [] }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw failure }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw failure }
            members.append(JSONText.Member(name, try value(depth: depth + 1)))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure }
        return members
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func number() throws(JSONText.Failure) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(JSONText.Failure) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure }
    }

    private mutating func string() throws(JSONText.Failure) -> String {
        position += 1
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
        if next == UInt8(ascii: "\"") {
            defer { position += 1 }
            return try text(bytes[start..<position])
        }
        var decoded = Array(bytes[start..<position])
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw failure }
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                decoded.append(byte)
                continue
            }
            decoded += try escape()
        }
        guard take(UInt8(ascii: "\"")) else { throw failure }
        return try text(decoded[...])
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(JSONText.Failure) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure }
        return text
    }

    private mutating func escape() throws(JSONText.Failure) -> [UInt8] {
        guard let byte = next else { throw failure }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "u"): return try scalar()
        default: throw failure
        }
    }

    /// A `\u` escape, or two of them for a scalar beyond the basic plane. A lone surrogate is no text.
    private mutating func scalar() throws(JSONText.Failure) -> [UInt8] {
        var code = UInt32(try unit())
        if (0xD800..<0xDC00).contains(code) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw failure }
            let low = UInt32(try unit())
            guard (0xDC00..<0xE000).contains(low) else { throw failure }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func unit() throws(JSONText.Failure) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else { throw failure }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }
}

extension JSONText {
    /// The value as JSON text, without blanks.
    public var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .string(let value): text += Self.quoted(value)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                text += Self.quoted(member.name) + ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    /// A text as a JSON string.
    public static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
