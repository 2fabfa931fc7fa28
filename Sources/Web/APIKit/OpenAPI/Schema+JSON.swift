extension Schema {
    /// The schema as JSON; named schemas become references and are collected into `named`.
    package func json(_ named: inout [String: JSON]) -> JSON {
        switch self {
        case .string(let text): return text.json
        case .integer(let range):
            var fields: [String: JSON] = ["type": "integer"]
            if let range {
                fields["minimum"] = .integer(range.lowerBound)
                fields["maximum"] = .integer(range.upperBound)
            }
            return .object(fields)
        case .number: return ["type": "number"]
        case .boolean: return ["type": "boolean"]
        case .anything: return [:]
        case .array(let element): return ["type": "array", "items": element.json(&named)]
        case .map(let value): return ["type": "object", "additionalProperties": value.json(&named)]
        case .object(let fields): return Self.object(fields, &named)
        case .nullable(let schema): return ["anyOf": [schema.json(&named), ["type": "null"]]]
        case .oneOf(let schemas): return ["anyOf": .array(schemas.map { $0.json(&named) })]
        case .named(let name, let schema):
            if named[name] == nil {
                named[name] = [:]
                named[name] = schema.json(&named)
            }
            return ["$ref": .string("#/components/schemas/\(name)")]
        }
    }

    private static func object(_ fields: [Field], _ named: inout [String: JSON]) -> JSON {
        var properties: [String: JSON] = [:]
        for field in fields { properties[field.name] = field.schema.json(&named) }
        var object: [String: JSON] = ["type": "object", "properties": .object(properties)]
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { object["required"] = .array(required) }
        return .object(object)
    }
}

extension Schema.Text {
    fileprivate var json: JSON {
        var fields: [String: JSON] = ["type": "string"]
        if let format { fields["format"] = .string(format) }
        if let pattern { fields["pattern"] = .string(pattern) }
        if !choices.isEmpty { fields["enum"] = .array(choices.map(JSON.string)) }
        if let lengths {
            fields["minLength"] = .integer(Int64(lengths.lowerBound))
            fields["maxLength"] = .integer(Int64(lengths.upperBound))
        }
        return .object(fields)
    }
}
