import Foundation

/// Any JSON, read without the types of the program under test.
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

    /// A field of an object; `null` where there is none.
    subscript(_ key: String) -> JSONValue {
        if case .object(let fields) = self { fields[key] ?? .null } else { .null }
    }

    /// The fields of an object.
    var fields: [String: JSONValue] { if case .object(let fields) = self { fields } else { [:] } }

    /// The items of an array.
    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }

    var text: String? { if case .string(let text) = self { text } else { nil } }

    var integer: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }

    var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }

    /// An object whose values are all texts, such as labels.
    var texts: [String: String] { fields.compactMapValues(\.text) }
}

func jsonText(_ object: [String: Any]) throws -> String {
    String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
}
