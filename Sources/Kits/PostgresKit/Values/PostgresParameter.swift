/// A value for `$1`, `$2` … of a statement. It travels apart from the SQL text, so it cannot become part of it.
///
/// Printing a parameter shows its kind only: parameters hold tokens, hashes and sealed secrets.
public enum PostgresParameter: Sendable, Equatable {
    /// SQL NULL.
    case null

    /// Text; also for `uuid`, `jsonb`, `inet` and every other type with a text form.
    case text(String)

    /// A whole number.
    case int(Int64)

    /// A floating point number.
    case double(Double)

    /// A truth value.
    case bool(Bool)

    /// A `bytea`.
    case bytes([UInt8])

    /// A `timestamptz`.
    case timestamp(PostgresTimestamp)

    /// A one-dimensional `text[]`.
    case textArray([String])

    /// Text or NULL.
    public static func optional(_ value: String?) -> Self { value.map { .text($0) } ?? .null }

    /// A number or NULL.
    public static func optional(_ value: Int64?) -> Self { value.map { .int($0) } ?? .null }

    /// A number or NULL.
    public static func optional(_ value: Int?) -> Self { value.map { .int(Int64($0)) } ?? .null }

    /// A truth value or NULL.
    public static func optional(_ value: Bool?) -> Self { value.map { .bool($0) } ?? .null }

    /// Bytes or NULL.
    public static func optional(_ value: [UInt8]?) -> Self { value.map { .bytes($0) } ?? .null }

    /// A time or NULL.
    public static func optional(_ value: PostgresTimestamp?) -> Self { value.map { .timestamp($0) } ?? .null }

    /// A whole number.
    public static func int(_ value: Int) -> Self { .int(Int64(value)) }
}

extension PostgresParameter: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral
{
    /// A text.
    public init(stringLiteral value: String) { self = .text(value) }

    /// A whole number.
    public init(integerLiteral value: Int64) { self = .int(value) }

    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }

    /// NULL.
    public init(nilLiteral: ()) { self = .null }
}

extension PostgresParameter: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The kind of the parameter.
    public var description: String {
        switch self {
        case .null: "<null>"
        case .text: "<text>"
        case .int: "<int>"
        case .double: "<double>"
        case .bool: "<bool>"
        case .bytes: "<bytes>"
        case .timestamp: "<timestamp>"
        case .textArray: "<text array>"
        }
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension PostgresParameter {
    /// The text form that goes over the wire; nil is NULL.
    var wireText: String? {
        switch self {
        case .null: nil
        case .text(let text): text
        case .int(let number): String(number)
        case .double(let number): Self.text(of: number)
        case .bool(let truth): truth ? "t" : "f"
        case .bytes(let bytes): PostgresText.hexBytea(bytes)
        case .timestamp(let time): time.text
        case .textArray(let elements): PostgresText.array(elements)
        }
    }

    private static func text(of number: Double) -> String {
        if number.isNaN { return "NaN" }
        if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
        return "\(number)"
    }
}
