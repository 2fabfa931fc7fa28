import DataPlaneCore

/// Turns the text forms of PostgreSQL's values into JSON, as `to_jsonb` does.
///
/// NaN and infinities are null, and bytes have no `\x`: clients know them so.
enum ValueJSON {
    /// Deepest nesting of an array; PostgreSQL has six dimensions.
    private static let depthMax = 6

    static func json(_ text: String, _ column: ColumnFacts?) -> JSONText {
        guard let column else { return .string(text) }
        if let element = column.element {
            var reader = ArrayReader(text)
            return reader.array(element, depthMax: depthMax) ?? .string(text)
        }
        return scalar(text, column.base)
    }

    fileprivate static func scalar(_ text: String, _ base: String) -> JSONText {
        switch base {
        case "bool": .bool(text == "t")
        case "int2", "int4", "int8": .number(text)
        case "float4", "float8", "numeric": number(text)
        case "json", "jsonb": (try? JSONText(Array(text.utf8))) ?? .string(text)
        case "bytea": .string(text.hasPrefix("\\x") ? String(text.dropFirst(2)) : text)
        case "timestamp": .string(withT(text))
        case "timestamptz": .string(zoned(withT(text)))
        default: .string(text)
        }
    }

    /// Digits as they are; an exponent becomes digits, as numeric has none.
    private static func number(_ text: String) -> JSONText {
        guard text.utf8.contains(where: { (0x30...0x39).contains($0) }) else { return .null }
        let parts = text.lowercased().split(separator: "e", maxSplits: 1)
        guard parts.count == 2, let exponent = Int(parts[1]), (-400...400).contains(exponent) else {
            return .number(text)
        }
        return .number(shifted(String(parts[0]), by: exponent))
    }

    /// Moves the decimal point.
    private static func shifted(_ text: String, by exponent: Int) -> String {
        let isNegative = text.hasPrefix("-")
        let halves = text.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let digits = halves.joined()
        let point = (halves.first?.count ?? 0) + exponent
        var made: String
        if point <= 0 {
            made = "0." + String(repeating: "0", count: -point) + digits
        } else if point >= digits.count {
            made = digits + String(repeating: "0", count: point - digits.count)
        } else {
            made = digits.prefix(point) + "." + digits.dropFirst(point)
        }
        return isNegative ? "-" + made : made
    }

    private static func withT(_ text: String) -> String {
        guard let space = text.firstIndex(of: " "), text.first?.isNumber == true else { return text }
        return text.replacingCharacter(at: space, with: "T")
    }

    /// Zones of whole hours have their minutes in JSON.
    private static func zoned(_ text: String) -> String {
        let tail = text.suffix(3)
        guard tail.count == 3, let sign = tail.first, sign == "+" || sign == "-",
            tail.dropFirst().allSatisfy(\.isNumber)
        else { return text }
        return text + ":00"
    }
}

extension String {
    fileprivate func replacingCharacter(at index: Index, with character: Character) -> String {
        String(self[..<index]) + String(character) + String(self[self.index(after: index)...])
    }
}

/// Reads array literals: braces, commas, quotes.
private struct ArrayReader {
    private let characters: [UInt8]
    private var position = 0

    init(_ text: String) {
        characters = Array(text.utf8)
        // Bounds that do not begin at one stand before the braces.
        if characters.first == UInt8(ascii: "["), let equals = characters.firstIndex(of: UInt8(ascii: "=")) {
            position = equals + 1
        }
    }

    private var next: UInt8? { position < characters.count ? characters[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    mutating func array(_ element: String, depthMax: Int) -> JSONText? {
        guard depthMax > 0, take(UInt8(ascii: "{")) else { return nil }
        if take(UInt8(ascii: "}")) { return .array([]) }
        var elements: [JSONText] = []
        repeat {
            let value = next == UInt8(ascii: "{") ? array(element, depthMax: depthMax - 1) : self.element(element)
            guard let value else { return nil }
            elements.append(value)
        } while take(UInt8(ascii: ","))
        return take(UInt8(ascii: "}")) ? .array(elements) : nil
    }

    private mutating func element(_ base: String) -> JSONText? {
        var bytes: [UInt8] = []
        if take(UInt8(ascii: "\"")) {
            while let byte = next, byte != UInt8(ascii: "\"") {
                position += byte == UInt8(ascii: "\\") ? 1 : 0
                guard let byte = next else { return nil }
                bytes.append(byte)
                position += 1
            }
            guard take(UInt8(ascii: "\"")) else { return nil }
            return ValueJSON.scalar(String(decoding: bytes, as: UTF8.self), base)
        }
        while let byte = next, byte != UInt8(ascii: ","), byte != UInt8(ascii: "}") {
            bytes.append(byte)
            position += 1
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text == "NULL" ? .null : ValueJSON.scalar(text, base)
    }
}
