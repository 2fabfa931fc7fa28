import HTTPTypes

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

extension Schema {
    /// What a value does not keep of the schema, each with the place where it was found; nothing when it keeps all.
    func problems(in value: JSONValue, at place: String = "$") -> [String] {
        switch (self, value) {
        case (.anything, _): []
        case (.named(_, let schema), _): schema.problems(in: value, at: place)
        case (.nullable, .null): []
        case (.nullable(let schema), _): schema.problems(in: value, at: place)
        case (.oneOf(let schemas), _):
            schemas.contains { $0.problems(in: value, at: place).isEmpty } ? [] : ["\(place) is none of the choices"]
        case (.string(let rules), .string(let text)): rules.problems(in: text, at: place)
        case (.integer(let range), .number(let number)):
            number == number.rounded() && range.map { Double($0.lowerBound)...Double($0.upperBound) ~= number } ?? true
                ? [] : ["\(place) is not a whole number in its range"]
        case (.number, .number), (.boolean, .bool): []
        case (.array(let element), .array(let items)):
            items.enumerated().flatMap { element.problems(in: $1, at: "\(place)[\($0)]") }
        case (.map(let schema), .object(let fields)):
            fields.flatMap { schema.problems(in: $1, at: "\(place).\($0)") }
        case (.object(let fields), .object(let values)): Self.problems(fields, values: values, place: place)
        default: ["\(place) has the wrong type: \(value)"]
        }
    }

    private static func problems(_ fields: [Field], values: [String: JSONValue], place: String) -> [String] {
        fields.flatMap { field -> [String] in
            guard let value = values[field.name] else {
                return field.isRequired ? ["\(place).\(field.name) is missing"] : []
            }
            return field.schema.problems(in: value, at: "\(place).\(field.name)")
        }
    }
}

extension Schema.Text {
    fileprivate func problems(in text: String, at place: String) -> [String] {
        var problems: [String] = []
        if !choices.isEmpty, !choices.contains(text) { problems.append("\(place) is \(text), not one of \(choices)") }
        if let lengths, !lengths.contains(text.unicodeScalars.count) { problems.append("\(place) has a wrong length") }
        if let pattern, (try? Regex(pattern).firstMatch(in: text)) == nil {
            problems.append("\(place) does not match \(pattern)")
        }
        switch format {
        case "date-time" where text.wholeMatch(of: /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/) == nil:
            problems.append("\(place) is no time: \(text)")
        case "uuid" where text.wholeMatch(of: /[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}/) == nil:
            problems.append("\(place) is no UUID: \(text)")
        default: break
        }
        return problems
    }
}

extension Route {
    /// What an answer does not keep of the route's documentation.
    func problems(in answer: Answer) -> [String] {
        let documented = operation.answer
        guard answer.status == documented.status.code else {
            guard refusals.contains(where: { $0.status.code == answer.status }) else {
                return ["\(name) answered \(answer.status), which is not documented"]
            }
            return answer.body.isEmpty || answer.isJSON ? [] : ["\(name) refused with something else than JSON"]
        }
        guard let schema = documented.schema else {
            return answer.body.isEmpty ? [] : ["\(name) answered a body where none is documented"]
        }
        guard let type = answer.header("Content-Type"), type.hasPrefix(documented.contentType) else {
            return ["\(name) answered \(answer.header("Content-Type") ?? "no type"), not \(documented.contentType)"]
        }
        guard documented.contentType == "application/json" else { return [] }
        guard let json = try? answer.json else { return ["\(name) did not answer with JSON"] }
        return schema.problems(in: json).map { "\(name): \($0)" }
    }
}
