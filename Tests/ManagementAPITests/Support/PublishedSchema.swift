import FoundationEssentials

/// A schema of the published document: what of JSON Schema its writers use. A keyword that is not known here is a
/// problem too, so that none is passed over when a new version of the document arrives.
struct PublishedSchema: Sendable {
    let schema: JSONValue
    /// Named schemas by name.
    let named: JSONValue

    private static let checked: Set<String> = [
        "$ref", "nullable", "anyOf", "oneOf", "allOf", "enum", "type", "properties", "required", "items",
        "additionalProperties", "minimum", "maximum", "exclusiveMinimum", "minLength", "maxLength", "pattern", "format",
        "minItems", "maxItems",
    ]
    /// Say nothing about values.
    private static let silent: Set<String> = [
        "description", "example", "examples", "deprecated", "discriminator", "default", "title", "x-nullable",
    ]

    /// What a value does not keep of the schema, each with its place: `$.items[].id`.
    func problems(in value: JSONValue, at place: String = "$") -> [Problem] {
        let unknown = schema.keys.subtracting(Self.checked).subtracting(Self.silent)
        if !unknown.isEmpty {
            return [Problem(place, "has keywords that the check does not know: \(unknown.sorted())")]
        }
        if let target = resolved { return target.problems(in: value, at: place) }
        if value == .null, schema["nullable"] == .bool(true) { return [] }
        return choiceProblems(value, place) + wordProblems(value, place) + typeProblems(value, place)
    }

    /// One thing that is not as documented.
    struct Problem: CustomStringConvertible, Hashable {
        /// Where: positions in lists are left out.
        let place: String
        let complaint: String

        init(_ place: String, _ complaint: String) {
            self.place = place
            self.complaint = complaint
        }

        var description: String { "\(place) \(complaint)" }
    }

    /// The schema behind a reference.
    var resolved: PublishedSchema? {
        guard let name = schema["$ref"]?.text?.split(separator: "/").last, let target = named[String(name)] else {
            return nil
        }
        return with(target)
    }

    func with(_ schema: JSONValue) -> PublishedSchema { PublishedSchema(schema: schema, named: named) }

    /// The schemas under a keyword that takes a list.
    func list(_ keyword: String) -> [PublishedSchema]? {
        guard case .array(let schemas)? = schema[keyword] else { return nil }
        return schemas.map(with)
    }

    private func choiceProblems(_ value: JSONValue, _ place: String) -> [Problem] {
        var problems = (list("allOf") ?? []).flatMap { $0.problems(in: value, at: place) }
        for keyword in ["anyOf", "oneOf"] {
            guard let choices = list(keyword) else { continue }
            let found = choices.map { $0.problems(in: value, at: place) }
            if found.contains([]) { continue }
            // Of the choices, the one that fits best tells the most.
            let best = found.min { $0.count < $1.count } ?? []
            problems.append(Problem(place, "fits none of \(keyword); the nearest: \(best)"))
        }
        return problems
    }

    private func wordProblems(_ value: JSONValue, _ place: String) -> [Problem] {
        guard case .array(let words)? = schema["enum"], !words.contains(value) else { return [] }
        return [Problem(place, "is \(value), which is not one of the known words")]
    }

    private func typeProblems(_ value: JSONValue, _ place: String) -> [Problem] {
        switch (schema["type"]?.text, value) {
        case ("object", .object(let fields)): fieldProblems(fields, place)
        case ("array", .array(let items)): itemProblems(items, place)
        case ("string", .string(let text)): textProblems(text, place)
        case ("integer", .number(let number)) where number != number.rounded():
            [Problem(place, "is \(number), which is not a whole number")]
        case ("number", .number(let number)), ("integer", .number(let number)): numberProblems(number, place)
        case ("boolean", .bool), (nil, _): []
        case (let type?, _): [Problem(place, "is not of the type \(type)")]
        }
    }

    private func fieldProblems(_ fields: [String: JSONValue], _ place: String) -> [Problem] {
        var problems: [Problem] = []
        if case .array(let required)? = schema["required"] {
            problems += required.compactMap(\.text).filter { fields[$0] == nil }
                .map { Problem("\(place).\($0)", "is missing") }
        }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            if let inner = schema["properties"]?[name] {
                problems += with(inner).problems(in: value, at: "\(place).\(name)")
            } else if case .object? = schema["additionalProperties"], let inner = schema["additionalProperties"] {
                problems += with(inner).problems(in: value, at: "\(place).*")
            } else if schema["additionalProperties"] == .bool(false) {
                problems.append(Problem("\(place).\(name)", "is not documented, and nothing further is allowed"))
            }
        }
        return problems
    }

    private func itemProblems(_ items: [JSONValue], _ place: String) -> [Problem] {
        var problems: [Problem] = []
        if let least = number("minItems"), Double(items.count) < least {
            problems.append(Problem(place, "is too short"))
        }
        if let most = number("maxItems"), Double(items.count) > most { problems.append(Problem(place, "is too long")) }
        if let element = schema["items"] {
            problems += items.flatMap { with(element).problems(in: $0, at: "\(place)[]") }
        }
        return problems
    }

    private func textProblems(_ text: String, _ place: String) -> [Problem] {
        var problems: [Problem] = []
        let count = Double(text.unicodeScalars.count)
        if let least = number("minLength"), count < least { problems.append(Problem(place, "is too short")) }
        if let most = number("maxLength"), count > most { problems.append(Problem(place, "is too long")) }
        if let pattern = schema["pattern"]?.text, (try? Regex(pattern).firstMatch(in: text)) == nil {
            problems.append(Problem(place, "does not match \(pattern)"))
        }
        let format = schema["format"]?.text
        if let format, !Self.fits(text, format) { problems.append(Problem(place, "is no \(format): \(text)")) }
        return problems
    }

    private static func fits(_ text: String, _ format: String) -> Bool {
        switch format {
        case "date-time":
            text.wholeMatch(of: /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})/) != nil
        case "uuid": text.wholeMatch(of: /[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}/) != nil
        case "email": text.wholeMatch(of: /[^@\s]+@[^@\s]+/) != nil
        case "uri": text.wholeMatch(of: /[a-zA-Z][a-zA-Z0-9+.-]*:.+/) != nil
        default: true
        }
    }

    private func numberProblems(_ number: Double, _ place: String) -> [Problem] {
        var problems: [Problem] = []
        if let least = self.number("minimum") {
            let isOpen = schema["exclusiveMinimum"] == .bool(true)
            if number < least || isOpen && number == least { problems.append(Problem(place, "is too small")) }
        }
        if let most = self.number("maximum"), number > most { problems.append(Problem(place, "is too large")) }
        return problems
    }

    private func number(_ keyword: String) -> Double? {
        if case .number(let number)? = schema[keyword] { number } else { nil }
    }
}
