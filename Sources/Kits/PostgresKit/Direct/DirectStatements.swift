/// The statements that a connection's pipelines have prepared, with the types of their columns. They change with the
/// statement only: PostgreSQL refuses to run one whose columns have changed (`cached plan must not change result type`).
struct DirectStatements {
    /// Names apart from those that libpq's exchanges give.
    private var cache: StatementCache
    private var types: [String: [UInt32]] = [:]

    init(capacity: Int) { cache = StatementCache(capacity: capacity, prefix: "d") }

    /// Names that the server holds for nothing.
    var garbage: [String] { cache.garbage }

    mutating func known(_ sql: String) -> (name: String, types: [UInt32])? {
        guard let name = cache.name(of: sql), let types = types[name] else { return nil }
        return (name, types)
    }

    mutating func newName() -> String { cache.newName() }

    mutating func insert(_ sql: String, name: String, types: [UInt32]) {
        cache.insert(sql, name: name)
        self.types[name] = types
    }

    /// The server has it, and its columns are not known.
    mutating func discard(_ name: String) { cache.discard(name) }

    mutating func forget(_ sql: String) { cache.forget(sql) }

    /// The server has forgotten the first names of ``garbage``.
    mutating func closed(first count: Int) {
        for name in garbage.prefix(count) { types[name] = nil }
        cache.deallocated(first: count)
    }

    mutating func reset() {
        cache.reset()
        types = [:]
    }
}

extension DirectStatements {
    /// Takes note of what an answer says of the statements that the server holds.
    mutating func settle(_ exchange: DirectExchange, _ answer: DirectReader.Outcome) {
        closed(first: answer.closings)
        for preparation in exchange.preparations where preparation.parses < answer.parses {
            if let types = answer.types[preparation.statement] {
                insert(preparation.sql, name: preparation.name, types: types)
            } else {
                discard(preparation.name)
            }
        }
        guard case .refused(let number, let report) = answer.outcome, exchange.list.indices.contains(number) else {
            return
        }
        if report.sqlState == PostgresState.invalidStatementName { reset() }
        if report.sqlState == PostgresState.featureNotSupported { forget(exchange.list[number].sql) }
    }
}
