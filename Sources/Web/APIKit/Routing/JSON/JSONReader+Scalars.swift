extension JSONReader {
    /// Reads a string. Text without escapes is taken over in one piece.
    package mutating func string() throws(JSONReadError) -> String {
        advance()
        let start = position
        while let byte = next, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 {
            advance()
        }
        if next == UInt8(ascii: "\\") { return try escapedString(from: start) }
        let content = bytes[start..<position]
        try endString(from: start)
        return try text(content, at: start)
    }

    /// Continues at the first backslash.
    private mutating func escapedString(from start: Int) throws(JSONReadError) -> String {
        var content = Array(bytes[start..<position])
        while let byte = next, byte != UInt8(ascii: "\""), byte >= 0x20 {
            advance()
            if byte == UInt8(ascii: "\\") { content += try escape() } else { content.append(byte) }
        }
        try endString(from: start)
        return try text(content[...], at: start)
    }

    private mutating func endString(from start: Int) throws(JSONReadError) {
        guard position - start <= limits.stringBytesMax else {
            throw .stringTooLong(bytesMax: limits.stringBytesMax, offset: start)
        }
        guard take("\"") else {
            throw malformed(next == nil ? "a string does not end" : "a string holds a control character")
        }
    }

    private func text(_ content: ArraySlice<UInt8>, at start: Int) throws(JSONReadError) -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw .malformed("a string is not UTF-8", offset: start)
        }
        return text
    }

    /// What follows a backslash, as UTF-8.
    private mutating func escape() throws(JSONReadError) -> [UInt8] {
        guard let letter = next else { throw malformed("a string does not end") }
        advance()
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw malformed("a string has an unknown escape")
        }
    }

    /// `\uXXXX`, or two of them for what UTF-16 writes as a pair. Half a pair is no character and refused.
    private mutating func unicodeEscape() throws(JSONReadError) -> [UInt8] {
        var code = try fourDigits()
        if (0xD800...0xDBFF).contains(code), take("\\") {
            guard take("u") else { throw malformed("a string has half of a surrogate pair") }
            let low = try fourDigits()
            guard (0xDC00...0xDFFF).contains(low) else { throw malformed("a string has half of a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("a string has half of a surrogate pair") }
        return Array(String(scalar).utf8)
    }

    private mutating func fourDigits() throws(JSONReadError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("\\u needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            advance()
        }
        return code
    }

    /// Reads a number: integers of 64 bits exactly, all others as a float.
    package mutating func number() throws(JSONReadError) -> JSON {
        let start = position
        _ = take("-")
        guard take("0") || digits() else { throw malformed("a value is missing") }
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() else { throw malformed("a number has no digit after its point") }
        }
        if take("e") || take("E") {
            isWhole = false
            if !take("+") { _ = take("-") }
            guard digits() else { throw malformed("a number has no digit in its exponent") }
        }
        guard position - start <= limits.numberBytesMax else {
            throw .numberTooLong(bytesMax: limits.numberBytesMax, offset: start)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isWhole, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else { throw .numberTooLarge(offset: start) }
        return .number(number)
    }

    private mutating func digits() -> Bool {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { advance() }
        return position > start
    }
}
