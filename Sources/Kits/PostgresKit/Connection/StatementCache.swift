/// The prepared statements of one connection, by their SQL; a value without any contact to the server.
struct StatementCache {
    private struct Entry {
        let name: String
        var lastUse: UInt64
    }

    private let capacity: Int
    /// What the names begin with.
    private let prefix: String
    private var entries: [String: Entry] = [:]
    private var clock: UInt64 = 0

    /// Names that the server still holds and that nothing refers to any more.
    private(set) var garbage: [String] = []

    init(capacity: Int, prefix: String = "s") {
        self.capacity = max(1, capacity)
        self.prefix = prefix
    }

    var count: Int { entries.count }

    /// The name under which the statement is prepared; marks it as used.
    mutating func name(of sql: String) -> String? {
        guard var entry = entries[sql] else { return nil }
        clock += 1
        entry.lastUse = clock
        entries[sql] = entry
        return entry.name
    }

    /// The SQL that deallocates a name on the server.
    static func deallocation(of name: String) -> String { "DEALLOCATE \(name)" }

    /// A name for a statement about to be prepared.
    mutating func newName() -> String {
        clock += 1
        return "\(prefix)\(clock)"
    }

    /// Records a prepared statement. The least recently used one becomes garbage when the cache is full.
    mutating func insert(_ sql: String, name: String) {
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            forget(oldest.key)
        }
        clock += 1
        entries[sql] = Entry(name: name, lastUse: clock)
    }

    /// Forgets a statement that the server still holds.
    mutating func forget(_ sql: String) {
        if let entry = entries.removeValue(forKey: sql) { garbage.append(entry.name) }
    }

    /// Takes note of a name that the server holds for nothing.
    mutating func discard(_ name: String) { garbage.append(name) }

    /// Forgets everything, after the server has lost it all.
    mutating func reset() {
        entries = [:]
        garbage = []
    }

    /// Takes note that the server holds a statement no longer.
    mutating func deallocated(_ name: String) {
        garbage.removeAll { $0 == name }
    }

    /// Takes note that the server holds the first `count` names of ``garbage`` no longer.
    mutating func deallocated(first count: Int) {
        garbage.removeFirst(min(count, garbage.count))
    }
}
