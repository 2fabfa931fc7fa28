/// Validates that bytes are JSON (RFC 8259), without building a value. The bytes are taken to be UTF-8.
struct JSONScanner {
    /// Objects and arrays inside each other; deeper ones are refused, as many readers would.
    static let maximumDepth = 512

    private let bytes: [UInt8]
    private var position = 0

    /// For each open object or array, whether it is an object.
    private var open: [Bool] = []

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether the bytes are one JSON value with nothing but white space around it.
    static func isDocument(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner(bytes)
        return scanner.document()
    }

    /// Whether the bytes are one JSON number.
    static func isNumber(_ bytes: [UInt8]) -> Bool {
        var scanner = JSONScanner(bytes)
        return scanner.number() && scanner.position == bytes.count
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func document() -> Bool {
        while true {
            guard let isOpened = value() else { return false }
            if isOpened { continue }
            guard let isMore = afterValue() else { return false }
            if !isMore { return position == bytes.count }
        }
    }

    /// Reads a value, or the beginning of a container with something in it (then true). Nil is an error.
    private mutating func value() -> Bool? {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"), UInt8(ascii: "["): return opening()
        case UInt8(ascii: "\""): return string() ? false : nil
        case UInt8(ascii: "t"): return word("true") ? false : nil
        case UInt8(ascii: "f"): return word("false") ? false : nil
        case UInt8(ascii: "n"): return word("null") ? false : nil
        default: return number() ? false : nil
        }
    }

    private mutating func opening() -> Bool? {
        let isObject = next == UInt8(ascii: "{")
        position += 1
        skipSpace()
        if take(isObject ? "}" : "]") { return false }
        open.append(isObject)
        guard open.count <= Self.maximumDepth, !isObject || key() else { return nil }
        return true
    }

    /// Reads what may follow a value: closing marks, then a comma (true) or the end (false). Nil is an error.
    private mutating func afterValue() -> Bool? {
        while true {
            skipSpace()
            guard let isObject = open.last else { return false }
            if take(",") { return !isObject || key() ? true : nil }
            guard take(isObject ? "}" : "]") else { return nil }
            open.removeLast()
        }
    }

    private mutating func key() -> Bool {
        skipSpace()
        guard string() else { return false }
        skipSpace()
        return take(":")
    }

    private mutating func string() -> Bool {
        guard take("\"") else { return false }
        while let byte = next {
            position += 1
            if byte == UInt8(ascii: "\"") { return true }
            guard byte >= 0x20 else { return false }
            if byte == UInt8(ascii: "\\") && !escape() { return false }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let letter = next else { return false }
        position += 1
        guard letter == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(letter) }
        for _ in 0..<4 {
            guard let digit = next, Character(UnicodeScalar(digit)).isHexDigit else { return false }
            position += 1
        }
        return true
    }

    private mutating func number() -> Bool {
        _ = take("-")
        if !take("0") && !digits() { return false }
        if take(".") && !digits() { return false }
        guard take("e") || take("E") else { return true }
        if !take("+") { _ = take("-") }
        return digits()
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = next, (48...57).contains(byte) { position += 1 }
        return position > start
    }

    private mutating func word(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = next, UInt32(byte) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || (byte >= 0x09 && byte <= 0x0D && byte != 0x0B && byte != 0x0C) {
            position += 1
        }
    }
}
