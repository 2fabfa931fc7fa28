/// Reads JSON in one pass over its bytes.
struct JSONReader {
    let bytes: [UInt8]
    let limits: JSONText.Limits
    var position = 0
    var count = 0

    init(bytes: [UInt8], limits: JSONText.Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    var failure: JSONText.Failure { JSONText.Failure(offset: position) }
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func document() throws(JSONText.Failure) -> JSONText {
        let value = try value(depth: 0)
        try end()
        return value
    }

    mutating func end() throws(JSONText.Failure) {
        skipSpace()
        guard position == bytes.count else { throw failure }
    }

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    /// - Parameter isKept: false checks the value's text and gives null.
    mutating func value(depth: Int, isKept: Bool = true) throws(JSONText.Failure) -> JSONText {
        skipSpace()
        count += 1
        guard depth <= limits.depthMax, count <= limits.valuesMax, let byte = next else { throw failure }
        let value: JSONText
        switch byte {
        case UInt8(ascii: "{"): value = .object(try object(depth: depth, isKept: isKept))
        case UInt8(ascii: "["): value = .array(try array(depth: depth, isKept: isKept))
        case UInt8(ascii: "\""): value = .string(try string())
        case UInt8(ascii: "t"): value = try word("true", .bool(true))
        case UInt8(ascii: "f"): value = try word("false", .bool(false))
        case UInt8(ascii: "n"): value = try word("null", .null)
        default: value = .number(try number())
        }
        return isKept ? value : .null
    }

    private mutating func word(_ text: String, _ value: JSONText) throws(JSONText.Failure) -> JSONText {
        let wanted = Array(text.utf8)
        guard bytes[position...].starts(with: wanted) else { throw failure }
        position += wanted.count
        return value
    }

    private mutating func array(depth: Int, isKept: Bool) throws(JSONText.Failure) -> [JSONText] {
        var elements: [JSONText] = []
        try eachElement { reader throws(JSONText.Failure) in
            let element = try reader.value(depth: depth + 1, isKept: isKept)
            if isKept { elements.append(element) }
        }
        return elements
    }

    mutating func eachElement(
        _ read: (inout JSONReader) throws(JSONText.Failure) -> Void
    ) throws(JSONText.Failure) {
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return }
        repeat {
            try read(&self)
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw failure }
    }

    /// - Parameters:
    ///   - isKept: false checks the object and gives no member.
    ///   - valuesMax: of so many members the values are kept where they are neither arrays nor objects, of the others
    ///     the names alone; nil keeps all.
    ///   - membersMax: of so many members at most there is an object.
    mutating func object(
        depth: Int, isKept: Bool, valuesMax: Int? = nil, membersMax: Int = .max
    ) throws(JSONText.Failure) -> [JSONText.Member] {
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
            skipSpace()
            let keepsValue = valuesMax.map { members.count < $0 && !isAtContainer } ?? true
            let value = try value(depth: depth + 1, isKept: isKept && keepsValue)
            if isKept {
                guard members.count < membersMax else { throw failure }
                members.append(JSONText.Member(name, value))
            }
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw failure }
        return members
    }

    private var isAtContainer: Bool { next == UInt8(ascii: "{") || next == UInt8(ascii: "[") }

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
