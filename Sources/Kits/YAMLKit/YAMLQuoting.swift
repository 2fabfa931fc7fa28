/// Decides how a string can be written so that every reader gets the same string back.
enum YAMLQuoting {
    /// Words that some YAML reader takes for a boolean, a null or a number.
    private static let reserved: Set<String> = [
        "null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf", "nil",
    ]

    /// Whether `text` is the same string without quotes under YAML 1.1 and 1.2: it starts with a letter, `_`, `/`
    /// or a relative path, has no character with a meaning in YAML, and is no reserved word. Everything that starts
    /// with a digit or a sign is quoted: numbers, times, dates and versions are too easily taken for one another.
    static func isSafePlain(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, last != UInt8(ascii: " "), last != UInt8(ascii: ":")
        else {
            return false
        }
        let startsAsPath = text.hasPrefix("./") || text.hasPrefix("../")
        guard isLetter(first) || first == UInt8(ascii: "_") || first == UInt8(ascii: "/") || startsAsPath else {
            return false
        }
        for (index, byte) in bytes.enumerated() {
            if byte == UInt8(ascii: ":") {
                guard bytes[index + 1] != UInt8(ascii: " ") else { return false }
            } else if !isLetter(byte), !isSafeMark(byte) {
                return false
            }
        }
        return !reserved.contains(text.lowercased())
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isSafeMark(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-./@+=~$ ".utf8.contains(byte)
    }

    /// Whether `text` can be a literal block that reads back byte for byte: several lines of ordinary characters,
    /// no space at a line's end, no indentation in its first line, one line feed at its end or none.
    static func fitsLiteral(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard let lineFeed = bytes.firstIndex(of: UInt8(ascii: "\n")), lineFeed > 0, lineFeed < bytes.count - 1,
            let first = bytes.first, first != UInt8(ascii: " "), !bytes.suffix(2).elementsEqual("\n\n".utf8)
        else { return false }
        var previous = UInt8(ascii: "\n")
        for byte in bytes {
            if byte == UInt8(ascii: "\n"), previous == UInt8(ascii: " ") { return false }
            guard byte == UInt8(ascii: "\n") || (0x20...0x7E).contains(byte) else { return false }
            previous = byte
        }
        return previous != UInt8(ascii: " ")
    }

    /// `text` in double quotes, with escapes for everything that is not printable everywhere.
    static func doubleQuoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars { result += escaped(scalar) }
        return result + "\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        default: break
        }
        switch scalar.value {
        case 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD, 0x10000...0x10FFFF:
            return String(scalar)
        case 0...0xFF: return "\\x" + hexadecimal(scalar.value, digits: 2)
        default: return "\\u" + hexadecimal(scalar.value, digits: 4)
        }
    }

    static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

extension YAMLScalar {
    /// The text of a null, boolean or number in the one form that every reader takes for the same value.
    var canonicalText: String {
        switch value {
        case .null: "null"
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .float(let number): Self.canonicalText(number)
        case .string(let text): text
        }
    }

    private static func canonicalText(_ number: Double) -> String {
        if number.isNaN { return ".nan" }
        if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
        return String(number)
    }
}
