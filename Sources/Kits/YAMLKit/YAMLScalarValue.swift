/// A scalar's value under the YAML 1.2 core schema.
public enum YAMLScalarValue: Sendable, Hashable {
    /// `null`, `~` or nothing at all.
    case null
    /// `true` or `false`; not `yes` and `on`, which are strings since YAML 1.2.
    case boolean(Bool)
    /// A whole number: decimal, `0o17` or `0x1f`.
    case integer(Int)
    /// A number with a point or an exponent, `.inf`, `.nan`, or a whole number too large for 64 bits.
    case float(Double)
    /// Everything else.
    case string(String)

    /// Reads `text` as a plain scalar.
    public init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .boolean(true)
        case "false", "False", "FALSE": self = .boolean(false)
        case ".nan", ".NaN", ".NAN": self = .float(.nan)
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": self = .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": self = .float(-.infinity)
        default: self = Self.number(text) ?? .string(text)
        }
    }

    /// The name of the type, for messages.
    public var typeName: String {
        switch self {
        case .null: "null"
        case .boolean: "boolean"
        case .integer: "integer"
        case .float: "number"
        case .string: "string"
        }
    }

    private static func number(_ text: String) -> YAMLScalarValue? {
        let bytes = Array(text.utf8)
        if text.hasPrefix("0o") { return prefixed(bytes.dropFirst(2), radix: 8) }
        if text.hasPrefix("0x") { return prefixed(bytes.dropFirst(2), radix: 16) }
        switch NumberShape(bytes) {
        case .none: return nil
        case .integer: return Int(text).map(YAMLScalarValue.integer) ?? Double(text).map(YAMLScalarValue.float)
        case .float: return Double(text).map(YAMLScalarValue.float)
        }
    }

    private static func prefixed(_ digits: ArraySlice<UInt8>, radix: Int) -> YAMLScalarValue? {
        guard let first = digits.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: radix).map(YAMLScalarValue.integer)
    }
}

/// Distinguishes the two number forms of the core schema: `[-+]?[0-9]+` and
/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`.
private enum NumberShape {
    case integer
    case float

    init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        Self.dropSign(&rest)
        let whole = Self.dropDigits(&rest)
        if rest.isEmpty {
            guard whole > 0 else { return nil }
            self = .integer
            return
        }
        var fraction = 0
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.dropDigits(&rest)
        }
        guard whole + fraction > 0 else { return nil }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            Self.dropSign(&rest)
            guard Self.dropDigits(&rest) > 0 else { return nil }
        }
        guard rest.isEmpty else { return nil }
        self = .float
    }

    private static func dropSign(_ rest: inout ArraySlice<UInt8>) {
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    }

    private static func dropDigits(_ rest: inout ArraySlice<UInt8>) -> Int {
        var count = 0
        while let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            rest.removeFirst()
            count += 1
        }
        return count
    }
}
