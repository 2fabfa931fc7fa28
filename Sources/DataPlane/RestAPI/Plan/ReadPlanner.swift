/// Makes the tree of a read from `select` and the other parameters.
struct ReadPlanner {
    /// Most columns that stars of a request are written out to: a statement with more would be too large.
    static let expandedMax = 50_000
    /// How often one level of `select` may name one column or value in it, or one relation: each is another copy of the
    /// same bytes in every row.
    static let repetitionsMax = 16

    let cache: SchemaCache
    let configuration: RestConfiguration
    let schema: String
    let parameters: QueryParameters

    /// What stands at the root of a read.
    struct Root {
        var table: QualifiedName
        var info: Table?
        /// Name after `FROM`, as SQL text.
        var source: String
        var qualifier: String
    }

    /// The tree with filters, order and ranges.
    ///
    /// - Parameters:
    ///   - isChanged: whether the rows come from a change: root filters chose them already, and ranges do not apply.
    func plan(_ root: Root, headerRange: RowRange, isChanged: Bool) throws(RestError) -> (ReadNode, warnings: [String])
    {
        var node = ReadNode(
            name: root.table.name, targetName: root.table.name, table: root.table, info: root.info,
            qualifier: root.qualifier, source: root.source)
        var laterals = 0
        try fill(&node, parameters.select, laterals: &laterals)
        var warnings: [String] = []
        try applyConditions(&node, isChanged: isChanged, &warnings)
        try applyOrders(&node, &warnings)
        try applyRanges(&node, headerRange: headerRange, isChanged: isChanged, &warnings)
        var fields = 0
        try expandStars(&node, fields: &fields)
        try checkAggregates(node, isInToManySpread: false)
        return (node, warnings)
    }

    // MARK: Embeds

    /// - Parameter laterals: lateral joins so far; they have numbers, since names of requests would multiply.
    private func fill(_ node: inout ReadNode, _ items: [SelectItem], laterals: inout Int) throws(RestError) {
        var fields: [FieldPath: Int] = [:]
        var embeds: [String: Int] = [:]
        for item in items {
            switch item {
            case .star: node.hasStar = true
            case .field(let field):
                try check(alias: field.alias)
                if let path = field.path { try count(path.canonical, named: path.name, in: &fields) }
                node.select.append(field)
            case .embed(let embed):
                try check(alias: embed.alias)
                try count(embed.name, named: embed.name, in: &embeds)
                node.children.append(try child(of: node, embed, laterals: &laterals))
            }
        }
    }

    private func count<Key: Hashable>(
        _ key: Key, named name: String, in counts: inout [Key: Int]
    ) throws(RestError) {
        counts[key, default: 0] += 1
        guard counts[key, default: 0] <= Self.repetitionsMax else {
            throw .repeatedTooOften(name, Self.repetitionsMax)
        }
    }

    /// PostgreSQL would cut a longer one, and the answer would not have what was asked for.
    private func check(alias: String?) throws(RestError) {
        guard let alias, alias.utf8.count > SQLText.nameBytesMax else { return }
        throw .aliasTooLong(alias)
    }

    private func child(
        of parent: ReadNode, _ embed: EmbedItem, laterals: inout Int
    ) throws(RestError) -> ReadNode {
        let relationship = try RelationshipFinder(cache: cache)
            .find(from: parent.table, name: embed.name, hint: embed.hint, schema: schema)
        let depth = parent.depth + 1
        laterals += 1
        let alias = SQLText.identifier("\(relationship.target.name)_\(depth)")
        var node = ReadNode(
            name: embed.alias ?? embed.name, targetName: embed.name, hasAlias: embed.alias != nil,
            table: relationship.target, info: cache.tables[relationship.target], depth: depth,
            relationship: relationship, join: embed.join ?? .left, isSpread: embed.isSpread,
            lateralName: "pgrst_embed_\(laterals)", qualifier: alias,
            parentQualifier: parent.qualifier, source: Self.source(relationship, parent: parent, alias: alias))
        try fill(&node, embed.items, laterals: &laterals)
        return node
    }

    private static func source(_ relationship: Relationship, parent: ReadNode, alias: String) -> String {
        switch relationship.kind {
        case .computed(let function, _):
            let row =
                parent.depth == 0 && !parent.source.hasPrefix(parent.table.sql)
                ? "(\(parent.qualifier).*)::\(parent.table.sql)" : "\(parent.qualifier).*"
            return "\(function.sql)(\(row)) AS \(alias)"
        case .manyToMany(let junction): return "\(relationship.target.sql) AS \(alias), \(junction.table.sql)"
        default: return "\(relationship.target.sql) AS \(alias)"
        }
    }

    // MARK: Paths

    /// Runs `change` on the node that a path of names leads to.
    private func descend(
        _ node: inout ReadNode, along path: ArraySlice<String>, warnings: inout [String],
        change: (inout ReadNode) throws(RestError) -> Void
    ) throws(RestError) {
        guard let first = path.first else { return try change(&node) }
        let index = try index(of: first, in: node, &warnings)
        try descend(&node.children[index], along: path.dropFirst(), warnings: &warnings, change: change)
    }

    private func index(
        of name: String, in node: ReadNode, _ warnings: inout [String]
    ) throws(RestError) -> Int {
        if let index = node.child(named: name) { return index }
        guard let index = node.children.firstIndex(where: { $0.targetName == name }) else { throw .notEmbedded(name) }
        let alias = node.children[index].name
        guard configuration.usesLegacyTargetNames else { throw .notEmbedded(name, alias: alias) }
        warnings.append("'\(name)' should be '\(alias)' in filters, orders and limits")
        return index
    }

    // MARK: Conditions

    private func applyConditions(
        _ node: inout ReadNode, isChanged: Bool, _ warnings: inout [String]
    ) throws(RestError) {
        for item in parameters.filters where !(isChanged && item.embed.isEmpty) {
            try descend(&node, along: item.embed[...], warnings: &warnings) { node throws(RestError) in
                node.conditions.append(condition(item.filter, node))
            }
        }
        for item in parameters.trees where !(isChanged && item.embed.isEmpty) {
            try descend(&node, along: item.embed[...], warnings: &warnings) { node throws(RestError) in
                node.conditions.append(condition(item.tree, node))
            }
        }
    }

    private func condition(_ tree: LogicTree, _ node: ReadNode) -> PlannedCondition {
        switch tree {
        case .filter(let filter): condition(filter, node)
        case .group(let isNegated, let isOr, let parts):
            .group(isNegated: isNegated, isOr: isOr, parts.map { condition($0, node) })
        }
    }

    private func condition(_ filter: Filter, _ node: ReadNode) -> PlannedCondition {
        guard filter.path.jsonPath.isEmpty, case .isTruth(let truth) = filter.operation,
            truth == .null || truth == .notNull,
            let child = node.children.first(where: { $0.name == filter.path.name && !$0.isSpread })
        else { return .filter(filter) }
        return .embedExists((truth == .notNull) != filter.isNegated, childName: child.name)
    }

    // MARK: Order and ranges

    private func applyOrders(_ node: inout ReadNode, _ warnings: inout [String]) throws(RestError) {
        for item in parameters.orders {
            try descend(&node, along: item.embed[...], warnings: &warnings) { node throws(RestError) in
                node.order += try item.terms.map { term throws(RestError) in try order(term, node) }
            }
        }
    }

    private func order(_ term: OrderTerm, _ node: ReadNode) throws(RestError) -> PlannedOrder {
        var planned = PlannedOrder(path: term.path, direction: term.direction, nulls: term.nulls)
        guard let relation = term.relation else { return planned }
        guard let child = node.children.first(where: { $0.name == relation }) else { throw .notEmbedded(relation) }
        guard child.isToOne else { throw .relatedOrder(node.table.name, child.name) }
        planned.lateralName = child.lateralName
        return planned
    }

    private func applyRanges(
        _ node: inout ReadNode, headerRange: RowRange, isChanged: Bool, _ warnings: inout [String]
    ) throws(RestError) {
        for path in Set(parameters.limits.keys).union(parameters.offsets.keys).sorted(by: { $0.count < $1.count }) {
            guard !(isChanged && path.isEmpty) else { continue }
            try descend(&node, along: path[...], warnings: &warnings) { node throws(RestError) in
                node.range = RowRange(offset: parameters.offsets[path] ?? 0, limit: parameters.limits[path])
            }
        }
        guard !isChanged else { return }
        node.range = node.range.intersection(headerRange)
        cap(&node)
    }

    private func cap(_ node: inout ReadNode) {
        node.range = node.range.capped(configuration.maxRows)
        for index in node.children.indices { cap(&node.children[index]) }
    }

    // MARK: Stars and aggregates

    /// Writes the columns out where a star would hide what is done to them.
    ///
    /// - Parameter fields: columns written out so far.
    private func expandStars(_ node: inout ReadNode, fields: inout Int) throws(RestError) {
        for index in node.children.indices { try expandStars(&node.children[index], fields: &fields) }
        guard node.hasStar, let info = node.info else { return }
        let hasRepresentation = info.columns.contains { cache.representations[$0.type]?.toJSON != nil }
        guard hasRepresentation || node.hasAggregate || node.isSpread else { return }
        fields += info.columns.count
        guard fields <= Self.expandedMax else { throw .statementTooLarge(SQLBuilder.bytesMax) }
        node.hasStar = false
        node.select = info.columns.map { SelectField(path: FieldPath(name: $0.name)) } + node.select
    }

    private func checkAggregates(_ node: ReadNode, isInToManySpread: Bool) throws(RestError) {
        let hasOwn = node.select.contains { $0.aggregate != nil }
        if hasOwn, !configuration.allowsAggregates { throw .aggregatesDisabled }
        let isInSpread = node.isSpread && (isInToManySpread || !node.isToOne)
        if hasOwn, isInSpread { throw .aggregateInSpread }
        for child in node.children { try checkAggregates(child, isInToManySpread: isInSpread) }
    }
}
