/// Writes calls of functions as SQL.
struct CallSQL {
    /// Name of the only column of functions that give a value.
    static let scalarName = "pgrst_scalar"

    let plan: CallPlan
    /// Names that are read of the rows and are no columns: functions of the row, which PostgreSQL resolves here only.
    var computed: [String] = []
    var builder: SQLBuilder

    /// A query that gives the function's rows, or its value in a column ``scalarName``.
    mutating func statement() -> String {
        let routine = plan.routine
        let (arguments, source) = arguments()
        let call = "\(routine.name.sql)(\(arguments))"
        switch (routine.returns, routine.returnsSet) {
        case (.composite, _):
            let extra = computed.map { ", pgrst_call.\(SQLText.identifier($0))" }.joined()
            return "SELECT pgrst_call.*\(extra) FROM \(source.map { $0 + ", LATERAL " } ?? "")\(call) pgrst_call"
        case (_, true), (_, false):
            return "SELECT \(call) AS \(Self.scalarName)\(source.map { " FROM " + $0 } ?? "")"
        }
    }

    private mutating func arguments() -> (list: String, source: String?) {
        switch plan.arguments {
        case .texts(let values):
            let list = values.map { parameter, values in
                let name = SQLText.identifier(parameter.name)
                guard parameter.isVariadic else {
                    return "\(name) := \(builder.bind(values.last))::\(parameter.type)"
                }
                let literal = builder.bind(SQLText.arrayLiteral(values))
                return "VARIADIC \(name) := \(literal)::\(parameter.type)"
            }
            return (list.joined(separator: ", "), nil)
        case .whole(let text, let type): return ("\(builder.bind(text))::\(type)", nil)
        case .json(let body, let parameters): return fromJSON(body, parameters)
        }
    }

    private mutating func fromJSON(
        _ body: RequestBody, _ parameters: [Routine.Parameter]
    ) -> (list: String, source: String?) {
        guard !parameters.isEmpty else { return ("", nil) }
        let names = parameters.map { SQLText.identifier($0.name) }
        let types = zip(names, parameters).map { "\($0) \($1.type)" }.joined(separator: ", ")
        let many = body.isArray ? "set" : ""
        let source =
            "(SELECT * FROM json_to_record\(many)(\(builder.bind(body.json))::json) AS _(\(types)) LIMIT 1) pgrst_body"
        let list = zip(names, parameters).map { name, parameter in
            "\(parameter.isVariadic ? "VARIADIC " : "")\(name) := pgrst_body.\(name)"
        }
        return (list.joined(separator: ", "), source)
    }
}
