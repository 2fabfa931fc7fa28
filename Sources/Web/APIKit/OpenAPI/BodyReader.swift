package import ProjectModel

/// A request body that declares each field once: its initialiser names every field with its bounds while it reads it.
/// The schema comes from the same initialiser, run without a body.
package protocol DecodableBody: DocumentedValue, Sendable {
    /// The name of its schema; nil for a schema that stands where it is used.
    static var schemaName: String? { get }

    /// Reads the fields. Refuses only what the reader refuses: what a value may be is checked afterwards, so that the
    /// initialiser can also run for the schema.
    init(fields: BodyReader) throws
}

extension DecodableBody {
    package static var schemaName: String? { nil }
    package static var schema: Schema { BodyReader.schema(of: Self.self) }
    package static func sample() throws -> Self { try Self(fields: BodyReader()) }

    package init(from decoder: any Decoder) throws {
        try self.init(fields: BodyReader(decoder.container(keyedBy: FieldName.self)))
    }
}

/// The fields of a request body, as its initialiser reads them or as the OpenAPI document describes them.
package struct BodyReader {
    private let body: KeyedDecodingContainer<FieldName>?
    private let recorded = RecordedFields()

    /// Reads a body.
    init(_ body: KeyedDecodingContainer<FieldName>) { self.body = body }
    /// Reads none: notes what the initialiser asks for.
    fileprivate init() { body = nil }

    /// A field that must be there. Without a schema, the one of the value's type holds.
    package func read<Value: DocumentedValue>(_ name: String, _ schema: Schema? = nil) throws -> Value {
        if let body { return try body.decode(Value.self, forKey: FieldName(name)) }
        recorded.fields.append(Schema.Field(name, schema ?? Value.schema))
        return try Value.sample()
    }

    /// A field that may be absent or null.
    package func readIfPresent<Value: DocumentedValue>(_ name: String, _ schema: Schema? = nil) throws -> Value? {
        if let body { return try body.decodeIfPresent(Value.self, forKey: FieldName(name)) }
        recorded.fields.append(.optional(name, schema ?? Value.schema))
        return nil
    }

    /// A field that must be there, whose absence the route refuses itself, in words of its own.
    package func readLater<Value: DocumentedValue>(_ name: String, _ schema: Schema? = nil) throws -> Value? {
        if let body { return try body.decodeIfPresent(Value.self, forKey: FieldName(name)) }
        recorded.fields.append(Schema.Field(name, schema ?? Value.schema))
        return nil
    }

    /// A text that must be there and is never logged.
    package func secret(_ name: String, _ schema: Schema? = nil) throws -> Secret<String> {
        Secret(try read(name, schema))
    }

    /// A text that may be absent or null and is never logged.
    package func secretIfPresent(_ name: String, _ schema: Schema? = nil) throws -> Secret<String>? {
        try readIfPresent(name, schema).map { Secret($0) }
    }

    /// Documents a field that clients send and nothing here depends on.
    package func ignore(_ name: String, _ schema: Schema) {
        if body == nil { recorded.fields.append(.optional(name, schema)) }
    }

    /// Whether a field is there, null or not.
    package func contains(_ name: String) -> Bool { body?.contains(FieldName(name)) ?? false }

    /// The fields of another body that stand among these.
    package func including<Part: DecodableBody>(_ type: Part.Type) throws -> Part { try Part(fields: self) }

    fileprivate static func schema(of type: (some DecodableBody).Type) -> Schema {
        let reader = BodyReader()
        do {
            _ = try type.init(fields: reader)
        } catch {
            preconditionFailure("\(type) cannot be described: its initialiser refuses a body without values: \(error)")
        }
        let object = Schema.object(reader.recorded.fields)
        return type.schemaName.map { .named($0, object) } ?? object
    }
}

/// Fields in the order in which an initialiser asks for them.
private final class RecordedFields {
    var fields: [Schema.Field] = []
}

/// A value of a request body that can stand for itself where there is no body: see ``DecodableBody``.
package protocol DocumentedValue: Decodable, Documented {
    static func sample() throws -> Self
}

extension String: DocumentedValue { package static func sample() -> String { "" } }
extension Bool: DocumentedValue { package static func sample() -> Bool { false } }
extension Int: DocumentedValue { package static func sample() -> Int { 0 } }
extension Int64: DocumentedValue { package static func sample() -> Int64 { 0 } }
extension Double: DocumentedValue { package static func sample() -> Double { 0 } }
extension JSON: DocumentedValue { package static func sample() -> JSON { .null } }
extension Array: DocumentedValue where Element: DocumentedValue { package static func sample() -> [Element] { [] } }
extension Dictionary: DocumentedValue where Key == String, Value: DocumentedValue {
    package static func sample() -> [String: Value] { [:] }
}
