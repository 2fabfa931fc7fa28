import ProjectModel

/// The shape of a JSON value, as OpenAPI 3.1 (JSON Schema 2020-12) describes it. Every body that a route takes or
/// answers states its own; the document at `/openapi.json` and the tests that hold answers to it come from these.
indirect enum Schema: Sendable, Equatable {
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
    struct Text: Sendable, Equatable {
        var format: String?
        var pattern: String?
        var choices: [String] = []
        var lengths: ClosedRange<Int>?
    }

    /// One field of an object.
    struct Field: Sendable, Equatable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        /// A field that is always there.
        init(_ name: String, _ schema: Schema) {
            self.init(name: name, schema: schema, isRequired: true)
        }

        private init(name: String, schema: Schema, isRequired: Bool) {
            self.name = name
            self.schema = schema
            self.isRequired = isRequired
        }

        /// A field that may be absent.
        static func optional(_ name: String, _ schema: Schema) -> Field {
            Field(name: name, schema: schema, isRequired: false)
        }
    }

    // MARK: Shapes that come again and again

    /// Any text.
    static let text = Schema.string()
    /// A time in RFC 3339.
    static let time = Schema.string(Text(format: "date-time"))
    /// A UUID.
    static let uuid = Schema.string(Text(format: "uuid"))
    /// A project's ref.
    static let ref = Schema.string(Text(pattern: "^[a-z]{20}$"))
    /// A number that identifies something.
    static let number64 = Schema.integer()

    /// A status of a project in Studio's words.
    static let projectStatus = Schema.choice(StudioStatus.allCases.map(\.rawValue))

    /// The shape itself, without its name.
    var inlined: Schema { if case .named(_, let schema) = self { schema } else { self } }

    /// One of several words.
    static func choice(_ words: [String]) -> Schema { .string(Text(choices: words)) }
    /// A text of a length.
    static func text(_ lengths: ClosedRange<Int>) -> Schema { .string(Text(lengths: lengths)) }
    /// A text of a form.
    static func pattern(_ pattern: String) -> Schema { .string(Text(pattern: pattern)) }
    /// An object with these fields.
    static func fields(_ fields: Field...) -> Schema { .object(fields) }
    /// The same with more fields.
    func adding(_ more: [Field]) -> Schema {
        switch self {
        case .object(let fields): .object(fields + more)
        case .named(let name, let schema): .named(name, schema.adding(more))
        default: self
        }
    }
}

/// A body that states its own shape.
protocol Documented {
    /// Its shape.
    static var schema: Schema { get }
}

extension Array: Documented where Element: Documented {
    static var schema: Schema { .array(Element.schema) }
}
