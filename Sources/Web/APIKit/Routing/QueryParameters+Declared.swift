import HTTPTypes

extension QueryParameters {
    /// The parameters that are present, parsed and formatted again by their declarations: for services behind this one,
    /// which may interpret a text differently. Throws 400 for one that does not match its declaration.
    package func values(of parameters: [Operation.Parameter]) throws(APIError) -> [(String, String)] {
        var values: [(String, String)] = []
        for parameter in parameters {
            if let value = try value(of: parameter) { values.append((parameter.name, value)) }
        }
        return values
    }

    /// One of them; nil when it is absent.
    package func value(of parameter: Operation.Parameter) throws(APIError) -> String? {
        guard let given = self[parameter.name] else { return nil }
        switch parameter.schema {
        case .integer(let bounds):
            let bounds = bounds ?? Int64.min...Int64.max
            let number = try number(
                parameter.name, in: Int(clamping: bounds.lowerBound)...Int(clamping: bounds.upperBound), default: 0)
            return String(number)
        case .boolean: return try flag(parameter.name, default: false) ? "true" : "false"
        case .string(let rules) where !rules.choices.isEmpty:
            guard rules.choices.contains(given) else {
                throw APIError(
                    .badRequest, "\(parameter.name) must be one of \(rules.choices.joined(separator: ", "))")
            }
            return given
        default: return given
        }
    }
}
