/// Finds the relationships that foreign keys and functions make between exposed relations.
struct RelationshipBuilder {
    private let catalog: Catalog
    private let lineage: ViewLineage
    private let tables: [QualifiedName: Table]

    init(_ catalog: Catalog, _ lineage: ViewLineage, tables: [QualifiedName: Table]) {
        self.catalog = catalog
        self.lineage = lineage
        self.tables = tables
    }

    func relationships() -> [QualifiedName: [Relationship]] {
        let owned = catalog.keys.filter { $0.kind == "f" }.flatMap(ownedBy)
        let all = owned + owned.map(Self.inverse) + manyToMany(owned)
        var grouped = Dictionary(grouping: all, by: \.origin)
        for computed in computed() {
            // A function of this name stands in for what foreign keys say.
            grouped[computed.origin, default: []].removeAll { other in
                guard case .computed(let function, _) = computed.kind, !other.isComputed else { return false }
                return other.target.name == function.name
            }
            grouped[computed.origin, default: []].append(computed)
        }
        return grouped
    }

    /// Relationships whose origin holds the key, for all relations that show it.
    private func ownedBy(_ key: CatalogKey) -> [Relationship] {
        let isUnique = catalog.keys.contains {
            ($0.kind == "p" || $0.kind == "u") && $0.table == key.table && Set($0.columns) == Set(key.columns)
        }
        let targets = lineage.images(of: key.target, columns: key.targetColumns)
            .filter { tables[$0.relation] != nil }
        return lineage.images(of: key.table, columns: key.columns).filter { tables[$0.relation] != nil }
            .flatMap { origin in
                targets.map { target in
                    let pairs = zip(origin.columns, target.columns).map { ColumnPair(origin: $0, target: $1) }
                    return Relationship(
                        origin: origin.relation, target: target.relation, originIsView: origin.isView,
                        targetIsView: target.isView,
                        kind: isUnique
                            ? .oneToOne(constraint: key.name, pairs, isOwner: true)
                            : .manyToOne(constraint: key.name, pairs))
                }
            }
    }

    private static func inverse(_ relationship: Relationship) -> Relationship {
        let swap = { (pairs: [ColumnPair]) in pairs.map { ColumnPair(origin: $0.target, target: $0.origin) } }
        let kind: Relationship.Kind =
            switch relationship.kind {
            case .manyToOne(let constraint, let pairs): .oneToMany(constraint: constraint, swap(pairs))
            case .oneToOne(let constraint, let pairs, let isOwner):
                .oneToOne(constraint: constraint, swap(pairs), isOwner: !isOwner)
            default: relationship.kind
            }
        return Relationship(
            origin: relationship.target, target: relationship.origin, originIsView: relationship.targetIsView,
            targetIsView: relationship.originIsView, kind: kind)
    }

    /// Pairs of keys that lie inside a relation's primary key.
    private func manyToMany(_ owned: [Relationship]) -> [Relationship] {
        let byJunction = Dictionary(grouping: owned, by: \.origin)
        return byJunction.sorted { $0.key < $1.key }.flatMap { junction, keys -> [Relationship] in
            guard let primaryKey = tables[junction].map({ Set($0.primaryKey) }), !primaryKey.isEmpty else { return [] }
            let inside = keys.compactMap { relationship -> (Relationship, String, [ColumnPair])? in
                guard case .manyToOne(let constraint, let pairs) = relationship.kind,
                    primaryKey.isSuperset(of: pairs.map(\.origin))
                else { return nil }
                return (relationship, constraint, pairs)
            }
            return inside.flatMap { first in
                inside.filter { $0.1 != first.1 }.map { second in
                    Self.manyToMany(through: junction, from: first, to: second)
                }
            }
        }
    }

    private static func manyToMany(
        through junction: QualifiedName, from first: (Relationship, String, [ColumnPair]),
        to second: (Relationship, String, [ColumnPair])
    ) -> Relationship {
        let swap = { (pairs: [ColumnPair]) in pairs.map { ColumnPair(origin: $0.target, target: $0.origin) } }
        return Relationship(
            origin: first.0.target, target: second.0.target, originIsView: first.0.targetIsView,
            targetIsView: second.0.targetIsView,
            kind: .manyToMany(
                .init(
                    table: junction, originConstraint: first.1, targetConstraint: second.1,
                    originColumns: swap(first.2), targetColumns: swap(second.2))))
    }

    private func computed() -> [Relationship] {
        let names = Dictionary(
            catalog.relations.map { ($0.oid, QualifiedName(schema: $0.schema, name: $0.name)) }
        ) { first, _ in first }
        return catalog.functions.compactMap { function in
            guard let origin = function.argument.flatMap({ names[$0] }), tables[origin] != nil,
                let target = function.returnTable.flatMap(SchemaCacheBuilder.qualified), tables[target] != nil
            else { return nil }
            return Relationship(
                origin: origin, target: target, originIsView: tables[origin]?.isView ?? false,
                targetIsView: tables[target]?.isView ?? false,
                kind: .computed(
                    .init(schema: function.schema, name: function.name),
                    isToOne: !function.returnsSet || function.rows == 1))
        }
    }
}

extension Relationship {
    var isComputed: Bool {
        guard case .computed = kind else { return false }
        return true
    }
}
