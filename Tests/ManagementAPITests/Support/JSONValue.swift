import FoundationEssentials

/// Any JSON, to look into answers without the types that wrote them.
enum JSONValue: Decodable, Hashable, Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let bool = try? container.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let string = try? container.decode(String.self) {
            self = .string(string)
        } else if let array = try? container.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    init(bytes: [UInt8]) throws { self = try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) }

    subscript(_ key: String) -> JSONValue? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    subscript(_ index: Int) -> JSONValue? {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
    }

    var items: [JSONValue] {
        if case .array(let items) = self { items } else { [] }
    }

    var keys: Set<String> {
        if case .object(let fields) = self { Set(fields.keys) } else { [] }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A text, or a whole number as text: what stands in a path.
    var wholeText: String? {
        if case .number(let number) = self { Int64(exactly: number).map { "\($0)" } } else { text }
    }

    /// Whether this is a time as RFC 3339 has it, in UTC with milliseconds.
    var isTimestamp: Bool {
        text?.wholeMatch(of: /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/) != nil
    }

    var count: Int {
        if case .array(let items) = self { items.count } else { 0 }
    }

    /// Every value found under `key`, however deep.
    func all(_ key: String) -> [JSONValue] {
        switch self {
        case .null, .bool, .number, .string: []
        case .array(let items): items.flatMap { $0.all(key) }
        case .object(let fields):
            (fields[key].map { [$0] } ?? []) + fields.values.flatMap { $0.all(key) }
        }
    }
}
