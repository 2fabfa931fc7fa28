import Orchestrator

/// How a value of a PostgreSQL type is written in JSON: as `postgres-meta` gives it, that is `node-postgres` with the
/// type parsers that `postgres-meta` sets.
///
/// One difference: `bytea` is PostgreSQL's hexadecimal text, where `node-postgres` would give a `Buffer` object.
enum ValueForm: Sendable, Equatable {
    /// A JSON string: everything that is not named here, `numeric`, dates, times and intervals above all.
    case text
    /// A number.
    case integer
    /// A number as long as JavaScript holds it exactly, otherwise a string.
    case bigInteger
    /// A number; JSON has no NaN and no infinities, so they are null.
    case float
    /// `true` or `false`.
    case bool
    /// The value itself.
    case json
    /// A JSON array, nested for several dimensions.
    indirect case array(ValueForm)

    /// The form of a type, by its object id in `pg_type.dat`.
    init(type: UInt32) {
        self = Self.scalars[type] ?? Self.arrays[type].map { .array($0) } ?? .text
    }

    private static let scalars: [UInt32: ValueForm] = [
        16: .bool, 20: .bigInteger, 21: .integer, 23: .integer, 26: .integer, 700: .float, 701: .float, 114: .json,
        3802: .json,
    ]

    /// By the object ids of the array types. `node-postgres` gives arrays of `bigint` as strings, those of `numeric` as
    /// numbers, and arrays of other types, enumerations and `name` among them, as PostgreSQL's text.
    private static let arrays: [UInt32: ValueForm] = [
        199: .json, 651: .text, 791: .text, 1000: .bool, 1001: .text, 1005: .integer, 1007: .integer, 1008: .text,
        1009: .text, 1014: .text, 1015: .text, 1016: .text, 1021: .float, 1022: .float, 1028: .integer, 1040: .text,
        1041: .text, 1115: .text, 1182: .text, 1183: .text, 1185: .text, 1187: .text, 1231: .float, 1270: .text,
        2951: .text, 3807: .json, 3907: .text,
    ]
}

extension ValueForm {
    /// The largest integer up to which JavaScript represents all exactly: 2^53 − 1.
    static let largestExactInteger: Int64 = 9_007_199_254_740_991

    /// Appends a value, given in PostgreSQL's text form, as JSON. A value that does not match its type becomes a
    /// string, so the result is valid JSON for any input.
    func append(_ value: [UInt8], to json: inout [UInt8]) {
        switch self {
        case .integer where JSONScanner.isNumber(value): json += value
        case .bigInteger where Self.isExact(value): json += value
        case .float: Self.appendFloat(value, to: &json)
        case .bool where value == [UInt8(ascii: "t")]: json += Array("true".utf8)
        case .bool where value == [UInt8(ascii: "f")]: json += Array("false".utf8)
        case .json where Self.isUTF8(value) && JSONScanner.isDocument(value): json += value
        case .array(let element): appendArray(value, of: element, to: &json)
        default: Self.appendString(value, to: &json)
        }
    }

    private func appendArray(_ value: [UInt8], of element: ValueForm, to json: inout [UInt8]) {
        var reader = ArrayReader(text: value, element: element)
        if let array = reader.read() { json += array } else { Self.appendString(value, to: &json) }
    }

    private static func isExact(_ value: [UInt8]) -> Bool {
        guard JSONScanner.isNumber(value), let number = Int64(String(decoding: value, as: UTF8.self)) else {
            return false
        }
        return number.magnitude <= UInt64(largestExactInteger)
    }

    private static func appendFloat(_ value: [UInt8], to json: inout [UInt8]) {
        let isFinite = JSONScanner.isNumber(value) && Double(String(decoding: value, as: UTF8.self))?.isFinite == true
        json += isFinite ? value : Array("null".utf8)
    }

    /// Appends a JSON string. Bytes that are not UTF-8 (a script may set
    /// `client_encoding`) are replaced.
    private static func appendString(_ value: [UInt8], to json: inout [UInt8]) {
        if isUTF8(value) {
            JSONText.append(utf8: value, to: &json)
        } else {
            JSONText.append(String(decoding: value, as: UTF8.self), to: &json)
        }
    }

    private static func isUTF8(_ value: [UInt8]) -> Bool {
        value.allSatisfy { $0 < 0x80 } || String(validating: value, as: UTF8.self) != nil
    }
}
