import DataPlaneCore

/// What a change does to a row.
enum ChangeKind: String, Sendable, Hashable, CaseIterable {
    case insert = "INSERT"
    case update = "UPDATE"
    case delete = "DELETE"
}

/// Changes that a client asks for.
struct ChangeRequest: Sendable, Hashable {
    /// What the client knows the request by.
    let id: Int
    let kinds: Set<ChangeKind>
    let schema: String
    /// Nil for all tables of the schema.
    let table: String?
    let filters: [ChangeFilter]
    /// Nil for all columns.
    let columns: Set<String>?

    init(_ binding: ChangeBinding) throws(ChangeProblem) {
        let json = binding.request
        guard case .object = json else { throw ChangeProblem("an entry of postgres_changes is an object") }
        id = binding.id
        let event = json["event"]?.stringValue?.uppercased() ?? "*"
        kinds = ChangeKind(rawValue: event).map { [$0] } ?? Set(ChangeKind.allCases)
        schema = json["schema"]?.stringValue ?? "public"
        let name = json["table"]?.stringValue
        table = name == "*" || name == "" ? nil : name
        filters = try Self.filters(json["filter"])
        columns = try Self.columns(json["select"], hasTable: table != nil && schema != "*")
        guard filters.isEmpty || table != nil && schema != "*" else {
            throw ChangeProblem("a filter needs the name of a schema and of a table")
        }
    }

    private static func filters(_ json: JSONText?) throws(ChangeProblem) -> [ChangeFilter] {
        switch json {
        case nil, .null?: []
        case .string(let text)?: try ChangeFilter.list(text)
        default: throw ChangeProblem("filter is a text")
        }
    }

    private static func columns(_ json: JSONText?, hasTable: Bool) throws(ChangeProblem) -> Set<String>? {
        switch json {
        case nil, .null?: return nil
        case .array(let elements)?:
            let names = elements.compactMap(\.stringValue)
            guard names.count == elements.count else { throw ChangeProblem("select is a list of column names") }
            guard !names.isEmpty else { return nil }
            guard hasTable else { throw ChangeProblem("select needs the name of a schema and of a table") }
            return Set(names)
        default: throw ChangeProblem("select is a list of column names")
        }
    }

    /// Whether the request is about a table.
    func concerns(schema: String, table: String) -> Bool {
        (self.schema == "*" || self.schema == schema) && (self.table == nil || self.table == table)
    }
}
