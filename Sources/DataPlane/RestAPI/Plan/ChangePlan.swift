import DataPlaneCore

/// A change of a relation's rows.
struct ChangePlan {
    enum Kind {
        case insert(conflict: Conflict?)
        case update
        case delete
    }

    /// What happens to rows whose key exists.
    struct Conflict {
        var columns: [String]
        var resolution: Preferences.Resolution
    }

    var table: Table
    var kind: Kind
    var body: RequestBody
    /// Columns that the body gives, with what their values go through.
    var columns: [Column]
    /// Keys missing in the body take the column's default.
    var usesDefaults: Bool
    /// Filters that choose the rows to change, as a node without embeds.
    var filters: ReadNode
    /// Columns that come back; nil returns no row content.
    var returning: [String]?
    /// Return whole rows.
    var returnsAll: Bool
}

/// Makes the plan of a change.
struct ChangePlanner {
    let cache: SchemaCache
    let configuration: RestConfiguration
    let parameters: QueryParameters
    let preferences: Preferences

    func insert(_ table: Table, _ body: RequestBody, read: ReadNode?) throws(RestError) -> ChangePlan {
        var conflict: ChangePlan.Conflict?
        if let resolution = preferences.resolution {
            let columns = parameters.onConflict ?? table.primaryKey
            if !columns.isEmpty { conflict = .init(columns: columns, resolution: resolution) }
        }
        return try plan(.insert(conflict: conflict), of: table, body: body, read: read)
    }

    /// One row by its whole key: the filters have to say what the body says.
    func put(_ table: Table, _ body: RequestBody, read: ReadNode?) throws(RestError) -> ChangePlan {
        guard parameters.limits[[]] == nil, parameters.offsets[[]] == nil else { throw .putRange }
        let filters = parameters.filters.filter { $0.embed.isEmpty }
        let values = filters.compactMap { item -> (String, String)? in
            guard !item.filter.isNegated, item.filter.path.jsonPath.isEmpty,
                case .quantified(.eq, nil, value: let value) = item.filter.operation
            else { return nil }
            return (item.filter.path.name, value)
        }
        let hasTree = parameters.trees.contains { $0.embed.isEmpty }
        guard values.count == filters.count, !hasTree, !table.primaryKey.isEmpty,
            Set(values.map(\.0)) == Set(table.primaryKey), values.count == table.primaryKey.count
        else { throw .putFilters }
        guard body.rows != 0 else { throw .putBody }
        // Of several rows the first one counts.
        let body = RequestBody(
            json: body.rows == nil ? body.json : body.firstText, keys: body.keys,
            isArray: body.rows == nil && body.isArray, rows: body.rows.map { _ in 1 }, first: body.first)
        for (name, value) in values {
            guard let given = body.first.last(where: { $0.name == name })?.value, given.plainText == value else {
                throw .putBody
            }
        }
        return try plan(
            .insert(conflict: .init(columns: table.primaryKey, resolution: .merge)), of: table, body: body, read: read,
            usesDefaults: true)
    }

    func update(_ table: Table, _ body: RequestBody, read: ReadNode?) throws(RestError) -> ChangePlan {
        try plan(.update, of: table, body: body, read: read)
    }

    func delete(_ table: Table, read: ReadNode?) throws(RestError) -> ChangePlan {
        try plan(.delete, of: table, body: RequestBody(json: "[]", keys: [], isArray: true), read: read)
    }

    private func plan(
        _ kind: ChangePlan.Kind, of table: Table, body: RequestBody, read: ReadNode?, usesDefaults: Bool? = nil
    ) throws(RestError) -> ChangePlan {
        let columns = try (body.keys ?? []).map { key throws(RestError) -> Column in
            guard let column = table.column(key) else { throw .column(key, of: table.name.name) }
            return column
        }
        var filters = ReadNode(
            name: table.name.name, targetName: table.name.name, table: table.name, info: table,
            qualifier: table.name.sql, source: table.name.sql)
        filters.conditions =
            parameters.filters.filter { $0.embed.isEmpty }.map { .filter($0.filter) }
            + parameters.trees.filter { $0.embed.isEmpty }.map { Self.condition($0.tree) }
        if case .insert = kind { filters.conditions = [] }
        let needed = returning(table, read)
        return ChangePlan(
            table: table, kind: kind, body: body, columns: columns,
            usesDefaults: usesDefaults ?? (preferences.missing == .useDefault), filters: filters,
            returning: needed?.columns, returnsAll: needed?.isAll ?? false)
    }

    private static func condition(_ tree: LogicTree) -> PlannedCondition {
        switch tree {
        case .filter(let filter): .filter(filter)
        case .group(let isNegated, let isOr, let parts):
            .group(isNegated: isNegated, isOr: isOr, parts.map(condition))
        }
    }

    /// What the answer and its embeds need of the changed rows.
    private func returning(_ table: Table, _ read: ReadNode?) -> (columns: [String], isAll: Bool)? {
        switch preferences.representation {
        case .headersOnly: return table.primaryKey.isEmpty ? nil : (table.primaryKey, false)
        case .representation: break
        case .minimal, nil: return nil
        }
        guard let read else { return nil }
        var columns: [String] = []
        var seen: Set<String> = []
        let add = { (name: String) in if seen.insert(name).inserted { columns.append(name) } }
        read.select.compactMap(\.path?.name).forEach(add)
        var isAll = read.hasStar
        for child in read.children {
            switch child.relationship?.kind {
            case .manyToOne(_, let pairs), .oneToMany(_, let pairs), .oneToOne(_, let pairs, _):
                pairs.map(\.origin).forEach(add)
            case .manyToMany(let junction): junction.originColumns.map(\.origin).forEach(add)
            case .computed: isAll = true
            case nil: break
            }
        }
        read.order.filter { $0.lateralName == nil }.map(\.path.name).forEach(add)
        table.primaryKey.forEach(add)
        return (columns, isAll)
    }
}

extension JSONText {
    /// A scalar as a filter's value writes it; nil for anything else.
    var plainText: String? {
        switch self {
        case .string(let text): text
        case .number(let digits): digits
        case .bool(let value): value ? "true" : "false"
        default: nil
        }
    }
}
