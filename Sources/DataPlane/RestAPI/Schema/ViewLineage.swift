/// Which table columns stand behind the columns of views, through any depth of views.
struct ViewLineage {
    /// Deepest chain of views on views that is followed.
    private static let depthMax = 32

    private struct Origin: Hashable {
        var table: Int64
        var column: Int
    }

    private let relations: [Int64: CatalogRelation]
    /// By view, the numbers of its columns that show a table's column.
    private var columnsByOrigin: [Int64: [Origin: [Int]]] = [:]
    /// Views that show a column of a table.
    private var viewsByTable: [Int64: [Int64]] = [:]

    init(_ relations: [CatalogRelation]) {
        self.relations = Dictionary(relations.map { ($0.oid, $0) }) { first, _ in first }
        var entries: [Int64: [ViewRule.Entry]] = [:]
        for relation in relations {
            if let rule = relation.rule { entries[relation.oid] = ViewRule.entries(of: rule) }
        }
        for (view, columns) in entries.sorted(by: { $0.key < $1.key }) {
            for entry in columns {
                guard let origin = Self.resolve(entry, entries, depth: 0) else { continue }
                columnsByOrigin[view, default: [:]][origin, default: []].append(entry.number)
                if viewsByTable[origin.table]?.last != view { viewsByTable[origin.table, default: []].append(view) }
            }
        }
    }

    private static func resolve(
        _ entry: ViewRule.Entry, _ entries: [Int64: [ViewRule.Entry]], depth: Int
    ) -> Origin? {
        guard let inner = entries[entry.originTable] else {
            return Origin(table: entry.originTable, column: entry.originColumn)
        }
        guard depth < depthMax, let next = inner.first(where: { $0.number == entry.originColumn }) else { return nil }
        return resolve(next, entries, depth: depth + 1)
    }

    /// A relation that shows columns of a table: the table itself, or a view.
    struct Image: Equatable {
        var relation: QualifiedName
        var isView: Bool
        /// Names in the order of the columns asked for.
        var columns: [String]
    }

    /// All relations that show all of these columns; a view that shows one twice appears for every combination.
    func images(of table: Int64, columns: [Int]) -> [Image] {
        var images: [Image] = []
        if let own = relations[table], !own.isPartition, let names = names(own, columns) {
            images.append(Image(relation: .init(schema: own.schema, name: own.name), isView: false, columns: names))
        }
        for view in viewsByTable[table] ?? [] {
            guard let relation = relations[view] else { continue }
            for numbers in combinations(of: columns, table: table, view: view) {
                guard let names = names(relation, numbers) else { continue }
                images.append(
                    Image(
                        relation: .init(schema: relation.schema, name: relation.name), isView: true, columns: names))
            }
        }
        return images
    }

    /// The view's columns that show a whole primary key of one of its tables.
    func primaryKey(ofView view: Int64, _ primaryKeys: [Int64: [Int]]) -> [String] {
        guard let relation = relations[view], let columns = columnsByOrigin[view] else { return [] }
        let tables = Set(columns.keys.map(\.table)).sorted()
        return tables.flatMap { table -> [String] in
            guard let key = primaryKeys[table] else { return [] }
            let numbers = key.compactMap { columns[Origin(table: table, column: $0)]?.min() }
            guard numbers.count == key.count else { return [] }
            return names(relation, numbers) ?? []
        }
    }

    private func combinations(of columns: [Int], table: Int64, view: Int64) -> [[Int]] {
        var combinations: [[Int]] = [[]]
        for column in columns {
            let shown = columnsByOrigin[view]?[Origin(table: table, column: column)] ?? []
            combinations = combinations.flatMap { begun in shown.map { begun + [$0] } }
        }
        return combinations
    }

    private func names(_ relation: CatalogRelation, _ numbers: [Int]) -> [String]? {
        let names = numbers.compactMap { number in relation.columns?.first { $0.number == number }?.name }
        return names.count == numbers.count ? names : nil
    }
}
