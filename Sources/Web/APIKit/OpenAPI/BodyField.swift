/// One field of a response body: its name, its schema and the source of its value in one declaration. The OpenAPI
/// document and the JSON both come from it.
package struct BodyField<Source>: Sendable {
    let documented: Schema.Field
    let encode: @Sendable (Source, inout KeyedEncodingContainer<FieldName>) throws -> Void

    /// A field that is always there. Without a schema, the one of the value's type holds.
    package init<Value: Encodable & Documented>(
        _ name: String, _ schema: Schema? = nil, of value: @escaping @Sendable (Source) -> Value
    ) {
        documented = Schema.Field(name, schema.map(Value.schema(refinedBy:)) ?? Value.schema)
        let key = FieldName(name)
        encode = { source, container in try container.encode(value(source), forKey: key) }
    }

    private init(
        documented: Schema.Field,
        encode: @escaping @Sendable (Source, inout KeyedEncodingContainer<FieldName>) throws -> Void
    ) {
        self.documented = documented
        self.encode = encode
    }

    /// A field that is left out where it has no value.
    package static func optional<Value: Encodable & Documented>(
        _ name: String, _ schema: Schema? = nil, of value: @escaping @Sendable (Source) -> Value?
    ) -> BodyField {
        let key = FieldName(name)
        let shape = schema.map(Value.schema(refinedBy:)) ?? Value.schema
        return BodyField(documented: .optional(name, shape)) { source, container in
            try container.encodeIfPresent(value(source), forKey: key)
        }
    }

    /// A field that is `null` where it has no value.
    package static func nullable<Value: Encodable & Documented & Sendable>(
        _ name: String, _ schema: Schema? = nil, of value: @escaping @Sendable (Source) -> Value?
    ) -> BodyField {
        BodyField(name, schema, of: { Nullable(value($0)) })
    }

    /// A field with the same value in every response.
    package static func constant<Value: Encodable & Documented & Sendable>(
        _ name: String, _ value: Value, schema: Schema? = nil
    ) -> BodyField {
        BodyField(name, schema, of: { _ in value })
    }

    /// A field that is always `null`; the schema is that of the value which it could have.
    package static func null(_ name: String, _ schema: Schema = .text) -> BodyField {
        BodyField(name, schema, of: { _ in Nullable<JSON>(nil) })
    }

    /// The same field of a part of something larger.
    func lifted<Whole>(from part: @escaping @Sendable (Whole) -> Source) -> BodyField<Whole> {
        BodyField<Whole>(documented: documented) { [encode] whole, container in
            try encode(part(whole), &container)
        }
    }
}

/// A field's name as a coding key.
package struct FieldName: CodingKey {
    package let stringValue: String
    package var intValue: Int? { nil }

    package init(_ name: String) { stringValue = name }
    package init(stringValue: String) { self.init(stringValue) }
    package init?(intValue: Int) { nil }
}

/// The fields of a response body, and the name of its schema where it has one.
package struct BodyShape<Source>: Sendable {
    /// The shape in the OpenAPI document.
    package let schema: Schema
    let fields: [BodyField<Source>]

    /// The name of the schema, where it has one.
    package var name: String? { if case .named(let name, _) = schema { name } else { nil } }

    /// Fields under a name of their own.
    package init(_ name: String, _ fields: [BodyField<Source>]) {
        schema = .named(name, .object(fields.map(\.documented)))
        self.fields = fields
    }

    /// Fields that the document shows where the body is used.
    package init(_ fields: [BodyField<Source>]) {
        schema = .object(fields.map(\.documented))
        self.fields = fields
    }

    /// The fields of a part, and more.
    package init<Part: EncodableBody>(
        _ name: String, including part: @escaping @Sendable (Source) -> Part, _ fields: [BodyField<Source>]
    ) {
        self.init(name, Part.shape.fields.map { $0.lifted(from: part) } + fields)
    }

    func encode(_ source: Source, to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FieldName.self)
        for field in fields { try field.encode(source, &container) }
    }
}

/// A response body that declares each field once: ``shape`` is both its schema and its encoding.
package protocol EncodableBody: Encodable, Sendable, Documented {
    static var shape: BodyShape<Self> { get }
}

extension EncodableBody {
    package static var schema: Schema { shape.schema }
    package func encode(to encoder: any Encoder) throws { try Self.shape.encode(self, to: encoder) }
}
