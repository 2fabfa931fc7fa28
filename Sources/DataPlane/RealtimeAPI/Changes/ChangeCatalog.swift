import DataPlaneCore
import PostgresKit

/// What PostgreSQL is asked about tables, filters and rows.
struct ChangeCatalog: Sendable {
    /// Time for one question about a filter.
    private static let filterDeadline: Duration = .seconds(5)
    private static let textTypes: Set = ["text", "varchar", "bpchar", "name", "citext"]
    private static let listMax = 100
    /// Bytes of a pattern: what it takes to try one grows with them.
    private static let patternBytesMax = 1_000

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

    /// A text that changes with the publication's tables and their columns.
    func fingerprint() async throws -> String {
        try await pool.single(
            """
            SELECT md5(coalesce(string_agg(concat_ws(' ', c.oid, p.schemaname, p.tablename, c.relrowsecurity, a.attnum,
              a.atttypid, a.attname), ',' ORDER BY c.oid, a.attnum), '')) AS print
            \(Self.published) JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE p.pubname = $1
            """, [.text(RealtimeSchema.publication)]
        ).string("print")
    }

    private static let published = """
        FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname
          JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
        """

    /// Checks a request, and brings the values of its filters into PostgreSQL's form.
    func compile(
        _ request: ChangeRequest, for claims: ChannelClaims
    ) async throws -> SubscriptionBook.Compiled {
        let table = try await pool.first(
            """
            SELECT c.oid::int8 AS id \(Self.published)
            WHERE p.pubname = $1 AND ($2 = '*' OR p.schemaname = $2) AND ($3::text IS NULL OR p.tablename = $3) LIMIT 1
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
            try await check(pattern: filter, column)
            values = [filter.value]
        case .in:
            let same = Comparison(sqlType: column.sqlType, operator: .eq).sql("v", "v")
            let sql =
                "SELECT CASE WHEN v IS NOT NULL THEN format('%s', v) END AS value, (\(same))::text AS same "
                + "FROM unnest($1::text::\(column.sqlType)[]) AS v"
            values = try await ask(sql, filter.value)
            guard values.count <= Self.listMax else {
                throw ChangeProblem("too many values for `in` filter. Maximum \(Self.listMax)")
            }
        // The very comparison is made once: a type that has none is the client's mistake. A cast to text is not always
        // what is written: a boolean would be a word.
        default:
            let same = Comparison(sqlType: column.sqlType, operator: filter.operator).sql("v", "v")
            let sql =
                "SELECT format('%s', v) AS value, (\(same))::text AS same FROM (SELECT $1::text::\(column.sqlType)) AS q(v)"
            values = try await ask(sql, filter.value)
        }
        return FilterTest(
            column: filter.column, operator: filter.operator, values: values, isNegated: filter.isNegated,
            sqlType: column.sqlType, order: ValueOrder(column.element == nil ? column.base : ""))
    }

    private func check(pattern filter: ChangeFilter, _ column: ColumnFacts) async throws {
        let name = filter.operator.rawValue
        guard Self.textTypes.contains(column.base) else {
            throw ChangeProblem(
                "operator \(name) requires a text-compatible column type, got \(column.sqlType)")
        }
        guard filter.value.utf8.count <= Self.patternBytesMax else {
            throw ChangeProblem("a pattern has at most \(Self.patternBytesMax) bytes")
        }
        guard filter.operator == .match || filter.operator == .imatch else { return }
        let comparison = Comparison(sqlType: column.sqlType, operator: filter.operator)
        try await ask(
            "SELECT ('' ~ $1)::text AS value, (\(comparison.sql("NULL", "$1")))::text AS same",
            filter.value)
    }

    /// Values as PostgreSQL writes them; what it does not accept is the client's mistake.
    @discardableResult
    private func ask(_ sql: String, _ value: String) async throws -> [String?] {
        do throws(PostgresError) {
            let rows = try await pool.query(sql, [.text(value)], deadline: Self.filterDeadline)
            var values: [String?] = []
            for row in rows { values.append(try row.optionalString("value")) }
            return values
        } catch {
            throw error.isOfTheQuestion ? ChangeProblem(error) : error
        }
    }
}
