/// Writes the tree of a read as SQL.
struct ReadSQL {
    let cache: SchemaCache
    var builder: SQLBuilder

    /// A column that a node gives to its parent.
    private struct Output {
        var name: String
        /// To be computed by an ancestor.
        var aggregate: Aggregate?
        var aggregateCast: String?
    }

    /// The whole read: `SELECT … FROM … LIMIT …`.
    mutating func statement(_ node: ReadNode) -> String { render(node).sql }

    /// Takes a value that is counted, and gives its place-holder.
    mutating func bind(_ value: String) -> String {
        _ = builder.counted(value)
        return builder.isFull ? "" : builder.bind(value)
    }

    // MARK: Nodes

    private mutating func render(_ node: ReadNode) -> (sql: String, outputs: [Output]) {
        guard !builder.isFull else { return ("", []) }
        var items: [String] = []
        var groups: [String] = []
        var outputs: [Output] = []
        if node.hasStar { items.append("\(node.qualifier).*") }
        for (place, field) in node.select.enumerated() {
            take(field, at: place, of: node, items: &items, groups: &groups, outputs: &outputs)
        }
        var joins = ""
        for child in node.children { joins += join(child, of: node, items: &items, groups: &groups, outputs: &outputs) }
        var sql = "SELECT \(items.isEmpty ? "1" : items.joined(separator: ", ")) FROM \(node.source)\(joins)"
        let conditions = joinConditions(node) + node.conditions.map { condition($0, node) }
        if !conditions.isEmpty { sql += " WHERE " + conditions.joined(separator: " AND ") }
        if node.hasAggregate, !node.isToOneSpread, !groups.isEmpty {
            sql += " GROUP BY " + groups.joined(separator: ", ")
        }
        if !node.order.isEmpty {
            let terms = node.order.map { orderTerm($0, node) }
            sql += " ORDER BY " + terms.joined(separator: ", ")
        }
        sql += limits(node.range)
        return (builder.counted(sql), outputs)
    }

    private mutating func limits(_ range: RowRange) -> String {
        var sql = ""
        if let limit = range.limit { sql += " LIMIT \(bind(String(limit)))::bigint" }
        if range.offset > 0 { sql += " OFFSET \(bind(String(range.offset)))::bigint" }
        return sql
    }

    // MARK: Fields

    private mutating func take(
        _ field: SelectField, at place: Int, of node: ReadNode, items: inout [String], groups: inout [String],
        outputs: inout [Output]
    ) {
        let name = field.outputName
        let plain = field.path.map { outputExpression($0, of: node, cast: field.cast) }
        if let aggregate = field.aggregate, node.isToOneSpread {
            let hidden = "pgrst_aggregate_\(node.depth)_\(place)"
            items.append(builder.counted("\(plain ?? "1") AS \(SQLText.identifier(hidden))"))
            outputs.append(Output(name: hidden, aggregate: aggregate, aggregateCast: field.aggregateCast))
            hoistedNames[hidden] = name
            return
        }
        if let aggregate = field.aggregate {
            let expression = Self.aggregate(aggregate, of: plain ?? "*", cast: field.aggregateCast)
            items.append(builder.counted("\(expression) AS \(SQLText.identifier(name))"))
        } else if let plain {
            items.append(builder.counted("\(plain) AS \(SQLText.identifier(name))"))
            groups.append(plain)
        }
        outputs.append(Output(name: name))
    }

    /// Names under which hoisted aggregates appear.
    private var hoistedNames: [String: String] = [:]

    init(cache: SchemaCache, builder: SQLBuilder) {
        self.cache = cache
        self.builder = builder
    }

    private static func aggregate(_ aggregate: Aggregate, of expression: String, cast: String?) -> String {
        let call = "\(aggregate.rawValue)(\(expression))"
        return cast.map { "CAST(\(call) AS \($0))" } ?? call
    }

    private mutating func outputExpression(_ path: FieldPath, of node: ReadNode, cast: String?) -> String {
        var expression = fieldExpression(path, node)
        if path.jsonPath.isEmpty, let type = node.info?.column(path.name)?.type,
            let function = cache.representations[type]?.toJSON
        {
            expression = "\(function)(\(expression))"
        }
        return cast.map { "CAST(\(expression) AS \($0))" } ?? expression
    }

    /// The column, or what its JSON path leads to.
    mutating func fieldExpression(_ path: FieldPath, _ node: ReadNode) -> String {
        fieldExpression(path, qualifier: node.qualifier, info: node.info)
    }

    mutating func fieldExpression(_ path: FieldPath, qualifier: String, info: Table?) -> String {
        let column = "\(qualifier).\(SQLText.identifier(path.name))"
        guard !path.jsonPath.isEmpty else { return column }
        var expression = info?.column(path.name)?.isJSON == true ? column : "to_jsonb(\(column))"
        for step in path.jsonPath {
            let operand =
                switch step.operand {
                case .key(let key): bind(key)
                case .index(let index): "\(bind(index))::int"
                }
            expression += (step.isText ? "->>" : "->") + operand
        }
        return "(\(expression))"
    }

    // MARK: Embeds

    private mutating func join(
        _ child: ReadNode, of parent: ReadNode, items: inout [String], groups: inout [String],
        outputs: inout [Output]
    ) -> String {
        let (sql, inner) = render(child)
        let lateral = SQLText.identifier(child.lateralName)
        let kind = child.join == .inner ? " INNER JOIN LATERAL " : " LEFT JOIN LATERAL "
        if child.isSpread {
            expose(inner, of: child, lateral: lateral, in: parent, items: &items, groups: &groups, outputs: &outputs)
        } else if !child.isHidden {
            let name = SQLText.identifier(child.name)
            let expression =
                child.isToOne ? "row_to_json(\(lateral).*)::jsonb" : "COALESCE(\(lateral).\(lateral), '[]')"
            items.append(builder.counted("\(expression) AS \(name)"))
            groups.append(expression)
            outputs.append(Output(name: child.name))
        }
        guard !child.isToOne else { return "\(kind)( \(sql) ) AS \(lateral) ON TRUE" }
        let arrays =
            child.isSpread && !inner.isEmpty
            ? lists(inner, lateral: lateral) : "json_agg(\(lateral))::jsonb AS \(lateral)"
        let shown = child.isSpread ? inner.first.map { SQLText.identifier($0.name) } ?? lateral : lateral
        let on = child.join == .inner ? "\(lateral).\(shown) IS NOT NULL" : "TRUE"
        return "\(kind)( SELECT \(arrays) FROM ( \(sql) ) AS \(lateral) ) AS \(lateral) ON \(on)"
    }

    /// Columns of a to-many spread as lists.
    private mutating func lists(_ outputs: [Output], lateral: String) -> String {
        var items: [String] = []
        for output in outputs where !builder.isFull {
            let name = SQLText.identifier(output.name)
            items.append(builder.counted("json_agg(\(lateral).\(name))::jsonb AS \(name)"))
        }
        return items.joined(separator: ", ")
    }

    /// Columns of a spread become columns of the parent.
    private mutating func expose(
        _ inner: [Output], of child: ReadNode, lateral: String, in parent: ReadNode, items: inout [String],
        groups: inout [String], outputs: inout [Output]
    ) {
        if child.hasStar, child.isToOne { items.append("\(lateral).*") }
        for output in inner where !builder.isFull {
            let column = "\(lateral).\(SQLText.identifier(output.name))"
            guard let aggregate = output.aggregate else {
                let expression = child.isToOne ? column : "COALESCE(\(column), '[]')"
                items.append(builder.counted("\(expression) AS \(SQLText.identifier(output.name))"))
                groups.append(expression)
                outputs.append(output)
                continue
            }
            if parent.isToOneSpread {
                items.append(builder.counted("\(column) AS \(SQLText.identifier(output.name))"))
                outputs.append(output)
            } else {
                let name = hoistedNames[output.name] ?? aggregate.rawValue
                let call = Self.aggregate(aggregate, of: column, cast: output.aggregateCast)
                items.append(builder.counted("\(call) AS \(SQLText.identifier(name))"))
                outputs.append(Output(name: name))
            }
        }
    }

    /// How a node's rows belong to those of its parent.
    private func joinConditions(_ node: ReadNode) -> [String] {
        guard let relationship = node.relationship, let parent = node.parentQualifier else { return [] }
        let equal = { (left: String, leftName: String, right: String, rightName: String) in
            "\(left).\(SQLText.identifier(leftName)) = \(right).\(SQLText.identifier(rightName))"
        }
        switch relationship.kind {
        case .manyToOne(_, let pairs), .oneToMany(_, let pairs), .oneToOne(_, let pairs, _):
            return pairs.map { equal(node.qualifier, $0.target, parent, $0.origin) }
        case .manyToMany(let junction):
            return junction.originColumns.map { equal(junction.table.sql, $0.target, parent, $0.origin) }
                + junction.targetColumns.map { equal(junction.table.sql, $0.target, node.qualifier, $0.origin) }
        case .computed: return []
        }
    }

    // MARK: Conditions

    private mutating func condition(_ condition: PlannedCondition, _ node: ReadNode) -> String {
        guard !builder.isFull else { return "" }
        switch condition {
        case .filter(let filter): return self.filter(filter, qualifier: node.qualifier, info: node.info)
        case .embedExists(let exists, let childName):
            let lateral = node.children.first { $0.name == childName }.map { SQLText.identifier($0.lateralName) } ?? ""
            return builder.counted("\(lateral) IS \(exists ? "" : "NOT ")DISTINCT FROM NULL")
        case .group(let isNegated, let isOr, let parts):
            let inner = parts.map { self.condition($0, node) }.joined(separator: isOr ? " OR " : " AND ")
            return "\(isNegated ? "NOT " : "")(\(inner))"
        }
    }

    /// Rows that a change or a count is about: conditions without lateral joins.
    ///
    /// What is embedded with `!inner`, or asked for by `is.null`, becomes an `EXISTS`.
    mutating func bareConditions(_ node: ReadNode) -> [String] {
        var conditions = joinConditions(node) + node.conditions.map { bareCondition($0, node) }
        for child in node.children where child.join == .inner { conditions.append(exists(child)) }
        return conditions
    }

    private mutating func bareCondition(_ condition: PlannedCondition, _ node: ReadNode) -> String {
        guard !builder.isFull else { return "" }
        switch condition {
        case .filter(let filter): return self.filter(filter, qualifier: node.qualifier, info: node.info)
        case .embedExists(let exists, let childName):
            guard let child = node.children.first(where: { $0.name == childName }) else { return "TRUE" }
            return "\(exists ? "" : "NOT ")\(self.exists(child))"
        case .group(let isNegated, let isOr, let parts):
            let inner = parts.map { bareCondition($0, node) }.joined(separator: isOr ? " OR " : " AND ")
            return "\(isNegated ? "NOT " : "")(\(inner))"
        }
    }

    private mutating func exists(_ child: ReadNode) -> String {
        guard !builder.isFull else { return "" }
        let conditions = bareConditions(child)
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        return builder.counted("EXISTS ( SELECT 1 FROM \(child.source)\(filter) )")
    }

    // MARK: Order

    private mutating func orderTerm(_ term: PlannedOrder, _ node: ReadNode) -> String {
        var sql =
            if let lateral = term.lateralName {
                fieldExpression(term.path, qualifier: SQLText.identifier(lateral), info: nil)
            } else { fieldExpression(term.path, node) }
        if let direction = term.direction { sql += " \(direction.rawValue.uppercased())" }
        switch term.nulls {
        case .first: sql += " NULLS FIRST"
        case .last: sql += " NULLS LAST"
        case nil: break
        }
        return builder.counted(sql)
    }
}

extension SelectField {
    /// Name of the column in the answer.
    var outputName: String {
        if let alias { return alias }
        if let aggregate { return aggregate.rawValue }
        guard let path else { return "" }
        for step in path.jsonPath.reversed() {
            if case .key(let key) = step.operand { return key }
        }
        return path.name
    }
}
