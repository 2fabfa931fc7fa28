import DataPlaneCore
import PostgresKit

/// What PostgreSQL is asked about tables, filters and rows.
struct ChangeCatalog: Sendable {
    /// Time for the policies of one batch.
    static let visibilityDeadline: Duration = .seconds(5)
    private static let textTypes: Set = ["text", "varchar", "bpchar", "name", "citext"]
    private static let listMax = 100

    let pool: PostgresPool

    // MARK: Tables

    /// Nil for a table that is not there any more.
    func facts(of table: UInt32, roles: Set<String>) async throws -> TableFacts? {
        let rows = try await pool.query(
            """
            SELECT c.relrowsecurity AS secured, a.attname::text AS name, t.typname::text AS type,
              format_type(a.atttypid, NULL) AS sql_type, b.typname::text AS base, e.typname::text AS element,
              array_position(i.indkey::int2[], a.attnum) AS key,
              ARRAY(SELECT r.rolname::text FROM pg_roles r
                WHERE r.rolname = ANY ($2::text[]) AND has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT')) AS readers
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
              JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
              LEFT JOIN pg_type e ON e.oid = b.typelem AND b.typcategory = 'A'
              LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
            WHERE c.oid = $1::int8::oid AND a.attnum > 0 AND NOT a.attisdropped
            """, [.int(Int64(table)), .textArray(roles.sorted())])
        guard let first = rows.first else { return nil }
        var facts = TableFacts(
            hasRowSecurity: try first.bool("secured"), keys: [], columns: [:],
            readable: Dictionary(uniqueKeysWithValues: roles.map { ($0, []) }))
        var keys: [(position: Int, name: String)] = []
        for row in rows {
            let name = try row.string("name")
            facts.columns[name] = ColumnFacts(
                type: try row.string("type"), sqlType: try row.string("sql_type"), base: try row.string("base"),
                element: try row.optionalString("element"))
            if let position = try row.optionalInt("key") { keys.append((position, name)) }
            for role in try row.textArray("readers") { facts.readable[role, default: []].insert(name) }
        }
        facts.keys = keys.sorted { $0.position < $1.position }.map(\.name)
        return facts
    }

    // MARK: Requests

    /// Checks a request, and brings the values of its filters into PostgreSQL's form.
    func compile(
        _ request: ChangeRequest, for claims: ChannelClaims
    ) async throws -> SubscriptionBook.Compiled {
        let table = try await pool.first(
            """
            SELECT format('%I.%I', schemaname, tablename)::regclass::oid::int8 AS id FROM pg_publication_tables
            WHERE pubname = $1 AND ($2 = '*' OR schemaname = $2) AND ($3::text IS NULL OR tablename = $3) LIMIT 1
            """, [.text(RealtimeSchema.publication), .text(request.schema), .optional(request.table)])
        guard let id = try table.map({ try $0.int64("id") }) else {
            throw ChangeProblem(
                "no table of the publication \(RealtimeSchema.publication) matches schema \(request.schema), table "
                    + (request.table ?? "*"))
        }
        let isOneTable = request.table != nil && request.schema != "*"
        guard isOneTable, let number = UInt32(exactly: id),
            let facts = try await facts(of: number, roles: [claims.role])
        else { return SubscriptionBook.Compiled(request: request, tests: []) }
        let readable = facts.readable[claims.role] ?? []
        guard !readable.isEmpty else {
            throw ChangeProblem("the role \(claims.role) may read no column of \(request.table ?? "")")
        }
        if let column = request.columns?.sorted().first(where: { !readable.contains($0) }) {
            throw ChangeProblem("invalid column for select \(column)")
        }
        var tests: [FilterTest] = []
        for filter in request.filters {
            guard readable.contains(filter.column), let column = facts.columns[filter.column] else {
                throw ChangeProblem("invalid column for filter \(filter.column)")
            }
            tests.append(try await compile(filter, column))
        }
        return SubscriptionBook.Compiled(request: request, tests: tests)
    }

    private func compile(_ filter: ChangeFilter, _ column: ColumnFacts) async throws -> FilterTest {
        let values: [String?]
        switch filter.operator {
        case .is:
            let word = filter.value.lowercased()
            guard ["null", "true", "false", "unknown"].contains(word) else {
                throw ChangeProblem("invalid value for is filter: must be null, true, false, or unknown")
            }
            guard word == "null" || column.base == "bool" else {
                throw ChangeProblem("is \(word) filter requires a boolean column, got \(column.sqlType)")
            }
            values = [word]
        case .like, .ilike, .match, .imatch:
            guard Self.textTypes.contains(column.base) else {
                throw ChangeProblem(
                    "operator \(filter.operator.rawValue) requires a text-compatible column type, got \(column.sqlType)"
                )
            }
            if filter.operator == .match || filter.operator == .imatch {
                try await ask("SELECT ('' ~ $1)::text AS value", filter.value)
            }
            values = [filter.value]
        case .in:
            let sql =
                "SELECT CASE WHEN v IS NOT NULL THEN format('%s', v) END AS value "
                + "FROM unnest($1::text::\(column.sqlType)[]) AS v"
            values = try await ask(sql, filter.value)
            guard values.count <= Self.listMax else {
                throw ChangeProblem("too many values for `in` filter. Maximum \(Self.listMax)")
            }
        // A cast to text is not always what is written: a boolean would be a word.
        default: values = try await ask("SELECT format('%s', $1::text::\(column.sqlType)) AS value", filter.value)
        }
        return FilterTest(
            column: filter.column, operator: filter.operator, values: values, isNegated: filter.isNegated,
            sqlType: column.sqlType, order: ValueOrder(column.element == nil ? column.base : ""))
    }

    /// Values as PostgreSQL writes them; what it does not accept is the client's mistake.
    @discardableResult
    private func ask(_ sql: String, _ value: String) async throws -> [String?] {
        do throws(PostgresError) {
            let rows = try await pool.query(sql, [.text(value)])
            var values: [String?] = []
            for row in rows { values.append(try row.optionalString("value")) }
            return values
        } catch {
            guard case .server(let report) = error else { throw error }
            throw ChangeProblem(report.message)
        }
    }

    // MARK: Rows

    /// Those of the comparisons that hold.
    func holding(_ questions: Set<FilterTest.Question>) async throws -> Set<FilterTest.Question> {
        var holding: Set<FilterTest.Question> = []
        for (kind, group) in Dictionary(grouping: questions, by: { Kind(sqlType: $0.sqlType, operator: $0.operator) }) {
            let rows = try await pool.query(
                """
                SELECT n::int AS n FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(v, o, n)
                WHERE v::\(kind.sqlType) \(kind.symbol) o::\(kind.isRegular ? "text" : kind.sqlType)
                """, [.textArray(group.map(\.value)), .textArray(group.map(\.operand))],
                deadline: Self.visibilityDeadline)
            for row in rows { holding.insert(group[try row.int("n") - 1]) }
        }
        return holding
    }

    private struct Kind: Hashable {
        var sqlType: String
        var `operator`: ChangeFilter.Operator

        var isRegular: Bool { `operator` == .match || `operator` == .imatch }

        var symbol: String {
            switch `operator` {
            case .neq: "<>"
            case .lt: "<"
            case .lte: "<="
            case .gt: ">"
            case .gte: ">="
            case .match: "~"
            case .imatch: "~*"
            default: "="
            }
        }
    }

    /// Rows that are looked for under several claims.
    struct Visibility: Sendable {
        var relation: LogicalRelation
        var facts: TableFacts
        /// The keys' values, one list for each row.
        var keys: [[String]]
        var claimants: [ChannelClaims]
    }

    /// For each of the claims, the indices of the rows that its role sees now. A policy that fails shows none.
    func visible(_ visibility: Visibility) async throws -> [Set<Int>] {
        let query = try Self.query(visibility)
        let keys = JSONText.array(visibility.keys.map { .array($0.map { .string($0) }) })
        let claimants = JSONText.array(
            visibility.claimants.map {
                .object([
                    .init("role", .string($0.role)), .init("claims", .string($0.json)),
                    .init("sub", .string($0.subject ?? "")),
                ])
            })
        var seen = [Set<Int>](repeating: [], count: visibility.claimants.count)
        let rows = try await pool.query(
            "SELECT claimant, place FROM realtime.projectd_visible($1, $2::jsonb, $3::jsonb)",
            [.text(query), .text(keys.text), .text(claimants.text)], deadline: Self.visibilityDeadline)
        for row in rows {
            let (claimant, place) = (try row.int("claimant"), try row.int("place"))
            guard seen.indices.contains(claimant), place > 0 else { continue }
            seen[claimant].insert(place - 1)
        }
        return seen
    }

    /// Looks the keys of `$1` up, and gives the places of those that are there.
    private static func query(_ visibility: Visibility) throws -> String {
        let table =
            try PostgresQuoting.identifier(visibility.relation.schema) + "."
            + PostgresQuoting.identifier(visibility.relation.name)
        let types = visibility.facts.keys.map { visibility.facts.columns[$0]?.sqlType ?? "text" }
        let values = types.enumerated().map { "(e.v ->> \($0.offset))::\($0.element) AS k\($0.offset)" }
        let conditions = try visibility.facts.keys.enumerated().map {
            "t.\(try PostgresQuoting.identifier($0.element)) = k.k\($0.offset)"
        }
        return """
            SELECT k.n::int FROM (SELECT \(values.joined(separator: ", ")), e.n
              FROM jsonb_array_elements($1) WITH ORDINALITY AS e(v, n)) AS k
            WHERE EXISTS (SELECT FROM \(table) AS t WHERE \(conditions.joined(separator: " AND ")))
            """
    }
}
