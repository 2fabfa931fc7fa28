/// Any JSON: settings and rows of queries, of which the command line knows no shape.
public enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads any JSON.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// Writes it as it was read.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let values): try container.encode(values)
        case .object(let fields): try container.encode(fields)
        }
    }

    /// A value as it is typed on a command line: `true`, `false`, `null` and numbers are those, everything else is text.
    public init(typed text: String) {
        switch text {
        case "null": self = .null
        case "true": self = .bool(true)
        case "false": self = .bool(false)
        default:
            if let value = Int64(text), String(value) == text {
                self = .integer(value)
            } else if text.wholeMatch(of: /-?(0|[1-9][0-9]*)\.[0-9]+/) != nil, let value = Double(text) {
                self = .number(value)
            } else {
                self = .string(text)
            }
        }
    }

    /// The value in one cell of a table; text has no quotes.
    public var cell: String {
        switch self {
        case .null: ""
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let text): text
        case .array(let values): "[" + values.map(\.quoted).joined(separator: ",") + "]"
        case .object(let fields):
            "{" + fields.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.quoted)" }.joined(separator: ",")
                + "}"
        }
    }

    private var quoted: String {
        if case .string(let text) = self { return "\"\(text)\"" }
        return self == .null ? "null" : cell
    }
}

/// Rows of a query.
public struct QueryRows: Sendable, Equatable {
    /// Names of columns, in the order of the query.
    public let columns: [String]
    /// The rows.
    public let rows: [[String: JSONValue]]

    /// Names of the first row's columns in their order, which a decoder does not keep.
    static func columns(of json: [UInt8]) -> [String] {
        var names: [String] = []
        var depth = 0
        var index = 0
        while index < json.count {
            switch json[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 1 { return names }
            case UInt8(ascii: "\""):
                let end = endOfText(json, from: index)
                if depth == 2, isName(json, after: end), let name = text(json[index...end]) { names.append(name) }
                index = end
            default: break
            }
            index += 1
        }
        return names
    }

    /// The closing quotation mark of a text that begins at a place.
    private static func endOfText(_ json: [UInt8], from start: Int) -> Int {
        var index = start + 1
        while index < json.count - 1, json[index] != UInt8(ascii: "\"") {
            index += json[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index, json.count - 1)
    }

    private static func isName(_ json: [UInt8], after end: Int) -> Bool {
        json[(end + 1)...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
    }
}
