/// The shape of a JSON value, as OpenAPI 3.1 (JSON Schema 2020-12) describes it. Every body that a route takes or
/// answers states its own; the document at `/openapi.json` and the tests that hold answers to it come from these.
package indirect enum Schema: Sendable, Equatable {
    case string(Text = Text())
    case integer(ClosedRange<Int64>? = nil)
    case number
    case boolean
    /// Any value at all.
    case anything
    case array(Schema)
    /// An object whose keys are not known beforehand.
    case map(Schema)
    /// An object with these fields; more are allowed, as clients ignore what they do not know.
    case object([Field])
    /// The value or `null`.
    case nullable(Schema)
    case oneOf([Schema])
    /// A schema with a name of its own under `components`.
    case named(String, Schema)

    /// Rules about a text.
    package struct Text: Sendable, Equatable {
        package var format: String?
        package var pattern: String?
        package var choices: [String] = []
        package var lengths: ClosedRange<Int>?

        package init(
            format: String? = nil, pattern: String? = nil, choices: [String] = [], lengths: ClosedRange<Int>? = nil
        ) {
            self.format = format
            self.pattern = pattern
            self.choices = choices
            self.lengths = lengths
        }
    }

    /// One field of an object.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let schema: Schema
        package let isRequired: Bool

        /// A field that is always there.
        package init(_ name: String, _ schema: Schema) {
            self.init(name: name, schema: schema, isRequired: true)
        }

        private init(name: String, schema: Schema, isRequired: Bool) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }

        /// A field that may be absent.
        package static func optional(_ name: String, _ schema: Schema) -> Field {
            Field(name: name, schema: schema, isRequired: false)
        }
    }

    // MARK: Shapes that come again and again

    /// Any text.
    package static let text = Schema.string()
    /// A time in RFC 3339.
    package static let time = Schema.string(Text(format: "date-time"))
    /// A UUID.
    package static let uuid = Schema.string(Text(format: "uuid"))
    /// A project's ref.
    package static let ref = Schema.string(Text(pattern: "^[a-z]{20}$"))

    /// One of several words.
    package static func choice(_ words: [String]) -> Schema { .string(Text(choices: words)) }
    /// A text of a length.
    package static func text(_ lengths: ClosedRange<Int>) -> Schema { .string(Text(lengths: lengths)) }
    /// A text of a form.
    package static func pattern(_ pattern: String) -> Schema { .string(Text(pattern: pattern)) }
    /// An object with these fields.
    package static func fields(_ fields: Field...) -> Schema { .object(fields) }
    /// The same with more fields.
    package func adding(_ more: [Field]) -> Schema {
        switch self {
        case .object(let fields): .object(fields + more)
        case .named(let name, let schema): .named(name, schema.adding(more))
        default: self
        }
    }
}

/// A type that states its own shape.
package protocol Documented: SendableMetatype {
    /// Its shape.
    static var schema: Schema { get }
    /// Its shape where more is known of the value: a format, bounds, choices.
    static func schema(refinedBy schema: Schema) -> Schema
}

extension Documented {
    package static func schema(refinedBy schema: Schema) -> Schema { schema }
}

extension String: Documented { package static var schema: Schema { .text } }
extension Bool: Documented { package static var schema: Schema { .boolean } }
extension Int: Documented { package static var schema: Schema { .integer() } }
extension Int64: Documented { package static var schema: Schema { .integer() } }
extension Double: Documented { package static var schema: Schema { .number } }
extension JSON: Documented { package static var schema: Schema { .anything } }

extension Array: Documented where Element: Documented {
    package static var schema: Schema { .array(Element.schema) }
}

extension Dictionary: Documented where Key == String, Value: Documented {
    package static var schema: Schema { .map(Value.schema) }
}

extension Nullable: Documented where Value: Documented {
    package static var schema: Schema { .nullable(Value.schema) }
    package static func schema(refinedBy schema: Schema) -> Schema { .nullable(Value.schema(refinedBy: schema)) }
}
