import APIKit
import HTTPTypes
import Orchestrator
import ProjectModel
import SettingTables

/// Between the settings of a service, whose keys are flat, and the nested objects of the Management API.
enum SettingsJSON {
    /// Keys in one body at most, and levels of nesting.
    private static let keysMax = 1_000
    private static let depthMax = 4

    /// The values as an object; a dot in a key makes a nested one.
    static func object(_ values: [String: SettingValue]) -> JSON {
        var root: [String: JSON] = [:]
        for (key, value) in values { insert(JSON(value), path: key.split(separator: ".")[...], object: &root) }
        return .object(root)
    }

    private static func insert(_ value: JSON, path: ArraySlice<Substring>, object: inout [String: JSON]) {
        guard let name = path.first.map(String.init) else { return }
        guard path.count > 1 else {
            object[name] = value
            return
        }
        var inner = object[name]?.fields ?? [:]
        insert(value, path: path.dropFirst(), object: &inner)
        object[name] = .object(inner)
    }

    /// An object as flat values; 400 for lists and for objects too deep or too large.
    static func values(_ json: JSON) throws(APIError) -> [String: SettingValue] {
        guard let fields = json.fields else { throw APIError(.badRequest, "the request body must be an object") }
        var values: [String: SettingValue] = [:]
        try collect(fields, prefix: "", depth: 1, values: &values)
        guard values.count <= keysMax else { throw APIError(.badRequest, "the request body has too many fields") }
        return values
    }

    private static func collect(
        _ fields: [String: JSON], prefix: String, depth: Int, values: inout [String: SettingValue]
    ) throws(APIError) {
        for (name, field) in fields {
            let key = prefix + name
            switch field {
            case .null: values[key] = .null
            case .boolean(let value): values[key] = .flag(value)
            case .integer(let value): values[key] = .whole(value)
            case .number(let value): values[key] = .number(value)
            case .string(let value): values[key] = .text(value)
            case .array: throw APIError(.badRequest, "\(key) must not be a list")
            case .object(let inner):
                guard depth < depthMax else { throw APIError(.badRequest, "\(key) is nested too deeply") }
                try collect(inner, prefix: key + ".", depth: depth + 1, values: &values)
            }
        }
    }

    /// The shape of a service's settings, nested as in the body.
    static func schema(_ settings: [ServiceSetting], isRequired: Bool, isNullable: Bool = true) -> Schema {
        shape(settings.map { ($0.key.split(separator: ".")[...], $0) }, isRequired: isRequired, isNullable: isNullable)
    }

    private typealias Leaf = (path: ArraySlice<Substring>, setting: ServiceSetting)

    private static func shape(_ leaves: [Leaf], isRequired: Bool, isNullable: Bool) -> Schema {
        let groups = Dictionary(grouping: leaves) { String($0.path.first ?? "") }
        return .object(
            groups.sorted { $0.key < $1.key }.map { name, group in
                let inner = group.filter { $0.path.count > 1 }.map { Leaf($0.path.dropFirst(), $0.setting) }
                let plain = group.first.map { $0.setting.schema } ?? .anything
                let schema =
                    inner.isEmpty
                    ? (isNullable ? .nullable(plain) : plain)
                    : shape(inner, isRequired: isRequired, isNullable: isNullable)
                return isRequired ? Schema.Field(name, schema) : .optional(name, schema)
            })
    }
}

extension JSON {
    /// A setting's value.
    init(_ value: SettingValue) {
        switch value {
        case .null: self = .null
        case .flag(let truth): self = .boolean(truth)
        case .whole(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .text(let text): self = .string(text)
        }
    }
}

extension ServiceSetting {
    /// The schema of its values. A fixed setting has the schema of its value.
    fileprivate var schema: Schema {
        guard !isFixed else {
            switch standard {
            case .null: return .anything
            case .flag: return .boolean
            case .whole: return .integer()
            case .number: return .number
            case .text: return .text
            }
        }
        switch form {
        case .flag: return .boolean
        case .whole, .wholeOrDefault, .seconds: return .integer()
        case .hours: return .number
        case .wholeAsText, .quantity, .text, .secret: return .text
        case .oneOf(let words): return .choice(words)
        }
    }
}
