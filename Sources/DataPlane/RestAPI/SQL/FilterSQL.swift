/// Writes filters as SQL.
extension ReadSQL {
    /// A filter on a column of the relation that `qualifier` names.
    mutating func filter(_ filter: Filter, qualifier: String, info: Table?) -> String {
        let column = info?.column(filter.path.name)
        let isPlain = filter.path.jsonPath.isEmpty
        var field = fieldExpression(filter.path, qualifier: qualifier, info: info)
        // A column that the cache does not know is computed, and taken as it is.
        if case .fullText(_, let language, _) = filter.operation, !(isPlain && column?.isTextSearchVector ?? true) {
            field = "to_tsvector(\(language.map { bind($0) + "::regconfig, " } ?? "")\(field))"
        }
        let convert = isPlain ? column.flatMap { cache.representations[$0.type]?.fromText } : nil
        let sql = (filter.isNegated ? "NOT " : "") + comparison(field, filter.operation, convert: convert)
        return builder.counted(sql)
    }

    private mutating func comparison(_ field: String, _ operation: FilterOperation, convert: String?) -> String {
        switch operation {
        case .simple(let simple, let value): return "\(field) \(simple.sql) \(bound(value, convert))"
        case .quantified(let quantified, let quantifier, value: let value):
            let text = quantified.isPattern ? Self.pattern(value) : value
            guard let quantifier else { return "\(field) \(quantified.sql) \(bound(text, convert))" }
            return "\(field) \(quantified.sql) \(quantifier.rawValue.uppercased())(\(bind(text)))"
        case .isTruth(let truth): return "\(field) IS \(truth.sql)"
        case .isDistinctFrom(let value): return "\(field) IS DISTINCT FROM \(bound(value, convert))"
        case .inList(let values): return inList(field, values, convert: convert)
        case .fullText(let fullText, let language, let value):
            let language = language.map { "\(bind($0))::regconfig, " } ?? ""
            return "\(field) @@ \(fullText.function)(\(language)\(bind(value)))"
        }
    }

    private mutating func bound(_ value: String, _ convert: String?) -> String {
        guard let convert else { return bind(value) }
        return "\(convert)(\(bind(value))::text)"
    }

    private mutating func inList(_ field: String, _ values: [String], convert: String?) -> String {
        let list = values == [""] ? "{}" : SQLText.arrayLiteral(values)
        guard let convert else { return "\(field) = ANY(\(bind(list)))" }
        return
            "\(field) = ANY(ARRAY(SELECT \(convert)(pgrst_value) FROM unnest(\(bind(list))::text[]) pgrst_value))"
    }

    /// `*` in a query is `%` in SQL, which URLs cannot carry unencoded.
    private static func pattern(_ value: String) -> String {
        String(value.map { $0 == "*" ? "%" : $0 })
    }
}
