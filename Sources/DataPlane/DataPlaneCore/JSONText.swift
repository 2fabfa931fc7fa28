/// A JSON document, read once: structure is checked whole, numbers and strings keep their own text.
///
/// Bodies travel to PostgreSQL as they came, so a value here is only as much as the servers have to look at.
public indirect enum JSONText: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The number as written in the text: only PostgreSQL interprets its digits.
    case number(String)
    case string(String)
    case array([JSONText])
    /// Members in their order; a repeated name keeps every value.
    case object([Member])

    /// A member of an object.
    public struct Member: Sendable, Equatable {
        /// The name, escapes resolved.
        public var name: String
        /// The value.
        public var value: JSONText

        /// A member.
        public init(_ name: String, _ value: JSONText) {
            self.name = name
            self.value = value
        }
    }

    /// Bounds of what is read.
    public struct Limits: Sendable {
        /// Deepest nesting of arrays and objects.
        public var depthMax = 128
        /// Most values in the whole document.
        public var valuesMax = 1_000_000

        /// The default bounds.
        public init() {}
    }

    /// Why a text is not read; nothing of it is repeated.
    public struct Failure: Error, Equatable {
        /// Byte of the text at which it stops being JSON, or goes beyond a limit.
        public var offset: Int
    }

    /// Reads a document in UTF-8, as RFC 8259 has it.
    public init(_ bytes: some Collection<UInt8>, limits: Limits = Limits()) throws(Failure) {
        var reader = JSONReader(bytes: Array(bytes), limits: limits)
        self = try reader.document()
    }

    /// The last value of an object's member, as PostgreSQL's jsonb has it.
    public subscript(name: String) -> JSONText? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }?.value
    }

    /// The text of a string.
    public var stringValue: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// The elements of an array.
    public var arrayValue: [JSONText]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    /// A number's value; nil for anything else.
    public var doubleValue: Double? {
        guard case .number(let text) = self else { return nil }
        return Double(text)
    }
}

extension JSONText {
    /// The value as JSON text, without blanks.
    public var text: String {
        var text = ""
        write(to: &text)
        return text
    }

    private func write(to text: inout String) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let digits): text += digits
        case .string(let value): text += Self.quoted(value)
        case .array(let elements):
            text += "["
            for (index, element) in elements.enumerated() {
                if index > 0 { text += "," }
                element.write(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                text += Self.quoted(member.name) + ":"
                member.value.write(to: &text)
            }
            text += "}"
        }
    }

    /// A text as a JSON string.
    public static func quoted(_ value: String) -> String {
        guard value.utf8.contains(where: isEscaped) else { return "\"\(value)\"" }
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < UInt8(ascii: " ") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
