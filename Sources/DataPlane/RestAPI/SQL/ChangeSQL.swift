/// Writes changes as SQL.
struct ChangeSQL {
    private static let counter = "pgrst.inserted"

    let plan: ChangePlan
    let cache: SchemaCache
    var builder: SQLBuilder

    /// The data-changing statement with its `RETURNING`.
    mutating func statement() -> String {
        switch plan.kind {
        case .insert(let conflict): insert(conflict)
        case .update: update()
        case .delete: "DELETE FROM \(target)\(whereClause())\(returning)"
        }
    }

    private var target: String { plan.table.name.sql }

    // MARK: Insert

    private mutating func insert(_ conflict: ChangePlan.Conflict?) -> String {
        if plan.body.rows == 0 { return nothing }
        let names = plan.columns.map { SQLText.identifier($0.name) }
        var sql = "INSERT INTO \(target)"
        if names.isEmpty, !plan.body.isArray || plan.body.rows == 1 {
            sql += " DEFAULT VALUES"
        } else if names.isEmpty {
            return insertEmptyRows()
        } else {
            let values = names.map { "pgrst_body.\($0)" }.joined(separator: ", ")
            sql += "(\(names.joined(separator: ", "))) SELECT \(values) \(payload())"
        }
        guard let conflict else { return sql + returning }
        if !names.isEmpty { sql += " WHERE \(count("+ 1")) IS NOT NULL" }
        sql += " ON CONFLICT(\(conflict.columns.map(SQLText.identifier).joined(separator: ", "))) "
        guard conflict.resolution == .merge, !names.isEmpty else { return sql + "DO NOTHING" + returning }
        let sets = names.map { "\($0) = EXCLUDED.\($0)" }.joined(separator: ", ")
        return sql + "DO UPDATE SET \(sets) WHERE \(count("- 1")) IS NOT NULL" + returning
    }

    /// Rows inserted are counted in a setting: up for each row of the source, down for each that was updated.
    private func count(_ change: String) -> String {
        "set_config('\(Self.counter)', "
            + "(coalesce(nullif(current_setting('\(Self.counter)', true), '')::int, 0) \(change))::text, true)"
    }

    /// Several rows of defaults: PostgreSQL has no words for them but one row at a time.
    private mutating func insertEmptyRows() -> String {
        guard let column = plan.table.columns.first else { return nothing }
        let name = SQLText.identifier(column.name)
        let value = column.defaultSQL ?? "NULL"
        return "INSERT INTO \(target)(\(name)) SELECT \(value) "
            + "FROM json_array_elements(\(builder.bind(plan.body.json))::json)\(returning)"
    }

    /// No row, with the columns that a change would return.
    private var nothing: String {
        let columns = plan.returnsAll ? "*" : (plan.returning.map(columnList) ?? "1")
        return "SELECT \(columns) FROM \(target) WHERE false"
    }

    // MARK: Update

    private mutating func update() -> String {
        if plan.columns.isEmpty || plan.body.rows == 0 { return nothing }
        let sets = plan.columns.map { SQLText.identifier($0.name) }.map { "\($0) = pgrst_body.\($0)" }
            .joined(separator: ", ")
        return "UPDATE \(target) SET \(sets) \(payload())\(whereClause())\(returning)"
    }

    private mutating func whereClause() -> String {
        var read = ReadSQL(cache: cache, builder: builder)
        let conditions = read.bareConditions(plan.filters)
        builder = read.builder
        return conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    }

    // MARK: Body

    /// `FROM` the body, whose rows are called `pgrst_body`.
    private mutating func payload() -> String {
        let json = builder.bind(plan.body.json)
        let types = plan.columns.map { column in
            let type = cache.representations[column.type]?.fromJSON == nil ? column.type : "json"
            return "\(SQLText.identifier(column.name)) \(type)"
        }.joined(separator: ", ")
        let values = plan.columns.map { column in
            let name = SQLText.identifier(column.name)
            guard let convert = cache.representations[column.type]?.fromJSON else { return name }
            return "\(convert)(\(name)) AS \(name)"
        }.joined(separator: ", ")
        let many = plan.body.isArray ? "set" : ""
        let rows =
            plan.usesDefaults
            ? defaults(many: many, types: types, values: values)
            : "LATERAL (SELECT \(values) FROM json_to_record\(many)(pgrst_payload.json_data) AS _(\(types)) ) pgrst_body"
        let type = plan.usesDefaults ? "jsonb" : "json"
        return "FROM (SELECT \(json)::\(type) AS json_data) pgrst_payload, \(rows)"
    }

    private func defaults(many: String, types: String, values: String) -> String {
        let pairs = plan.columns.filter { $0.defaultSQL != nil }.map { column in
            "\(SQLText.literal(column.name)), \(column.defaultSQL ?? "NULL")"
        }.joined(separator: ", ")
        let source =
            many.isEmpty
            ? "SELECT jsonb_build_object(\(pairs)) || pgrst_payload.json_data AS val"
            : "SELECT jsonb_agg(jsonb_build_object(\(pairs)) || elem) AS val "
                + "FROM jsonb_array_elements(pgrst_payload.json_data) elem"
        return "LATERAL (\(source)) pgrst_json_defs, "
            + "LATERAL (SELECT \(values) FROM jsonb_to_record\(many)(pgrst_json_defs.val) AS _(\(types)) ) pgrst_body"
    }

    // MARK: Returning

    private var returning: String {
        if plan.returnsAll { return " RETURNING \(target).*\(computed)" }
        guard let columns = plan.returning, !columns.isEmpty else { return " RETURNING 1" }
        return " RETURNING " + columnList(columns)
    }

    /// Columns that no star has.
    private var computed: String {
        let extra = (plan.returning ?? []).filter { plan.table.column($0) == nil }
        return extra.isEmpty ? "" : ", " + columnList(extra)
    }

    private func columnList(_ columns: [String]) -> String {
        columns.map { "\(target).\(SQLText.identifier($0))" }.joined(separator: ", ")
    }
}
