/// PostgreSQL's text forms of `bytea` and `text[]`.
enum PostgresText {
    private static let digits = Array("0123456789abcdef".utf8)

    /// `\x` and two hexadecimal digits a byte.
    static func hexBytea(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = [UInt8(ascii: "\\"), UInt8(ascii: "x")]
        text.reserveCapacity(2 + bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of the hexadecimal form; nil for anything else.
    static func bytes(hexBytea text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count % 2 == 0, characters.starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "x")]) else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 2 - 1)
        for index in stride(from: 2, to: characters.count, by: 2) {
            guard let high = value(characters[index]), let low = value(characters[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// `{"a","b"}`: every element quoted, so that empty strings, commas and the word NULL stay what they are.
    static func array(_ elements: [String]) -> String {
        let quoted = elements.map { element in
            let escaped = element.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                scalar == "\"" || scalar == "\\" ? ["\\", scalar] : [scalar]
            }
            return "\"" + String(String.UnicodeScalarView(escaped)) + "\""
        }
        return "{" + quoted.joined(separator: ",") + "}"
    }

    /// The elements of a one-dimensional array without NULLs; nil for anything else.
    static func elements(array text: String) -> [String]? {
        var rest = text.unicodeScalars[...]
        guard rest.popFirst() == "{", rest.popLast() == "}" else { return nil }
        if rest.isEmpty { return [] }
        var elements: [String] = []
        while true {
            guard let element = rest.first == "\"" ? quotedElement(&rest) : plainElement(&rest) else { return nil }
            elements.append(element)
            guard let separator = rest.popFirst() else { return elements }
            guard separator == "," else { return nil }
        }
    }

    private static func quotedElement(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var element = String.UnicodeScalarView()
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return String(element) }
            guard let taken = scalar == "\\" ? rest.popFirst() : scalar else { return nil }
            element.append(taken)
        }
        return nil
    }

    private static func plainElement(_ rest: inout Substring.UnicodeScalarView) -> String? {
        let element = String(String.UnicodeScalarView(rest.prefix { $0 != "," && $0 != "{" && $0 != "}" }))
        rest.removeFirst(element.unicodeScalars.count)
        return element.isEmpty || element == "NULL" ? nil : element
    }
}
