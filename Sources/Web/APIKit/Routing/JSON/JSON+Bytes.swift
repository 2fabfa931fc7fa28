import FoundationEssentials

extension JSON {
    /// Reads a JSON text; nil for anything else, and for more than the limits allow.
    package init?(bytes: [UInt8], limits: JSONLimits = .answer) {
        guard let value = try? JSONReader.read(bytes, limits: limits) else { return nil }
        self = value
    }

    /// The value as a text with sorted keys.
    package func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }

    /// The string, where it is one.
    package var text: String? { if case .string(let text) = self { text } else { nil } }

    /// The elements, where it is a list.
    package var elements: [JSON]? { if case .array(let values) = self { values } else { nil } }

    /// The fields, where it is an object.
    package var fields: [String: JSON]? { if case .object(let fields) = self { fields } else { nil } }

    /// An object of those fields that have a value.
    package static func compact(_ fields: [String: JSON?]) -> JSON { .object(fields.compactMapValues { $0 }) }
}
