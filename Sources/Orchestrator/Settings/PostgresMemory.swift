import ProjectModel

/// What PostgreSQL would take of its container's memory with some settings, as far as that is sure beforehand. Pure.
struct PostgresMemory {
    /// Share of the limit that shared memory may have: with more, nothing is left for connections and for sorting, and
    /// the kernel ends the database.
    static let sharedPercentMax = 75
    /// Bytes of shared memory for one lock, and for one connection besides (`CalculateShmemSize`, rounded down).
    private static let bytesPerLock = 256.0
    private static let bytesPerConnection = 16_384.0

    private let settings: [String: Secret<String>]
    private let limit: Double?

    /// The settings by variable, and the container's limit in bytes; without a limit there is nothing to say.
    init(_ settings: [String: Secret<String>], limit: Int64?) {
        self.settings = settings
        self.limit = limit.map(Double.init)
    }

    /// Why the database would not run with the settings; nil when that is not known, and when what was changed has no
    /// part in it.
    func problem(changed: Set<String>) -> String? {
        guard let limit else { return nil }
        let shared = sharedBytes
        let sharedMax = limit * Double(Self.sharedPercentMax) / 100
        if shared > sharedMax, !changed.isDisjoint(with: Self.shared.map(Self.variable)) {
            return "the database would reserve \(Self.words(shared)) of shared memory (shared_buffers, and locks and "
                + "connections by max_connections, max_locks_per_transaction, max_worker_processes and max_wal_senders), "
                + "and its container has \(Self.words(limit)): \(Self.words(sharedMax)) at the most"
        }
        for name in Self.single where changed.contains(Self.variable(name)) {
            guard let bytes = bytes(name), bytes + shared > limit else { continue }
            return "\(name) of \(Self.words(bytes)) is more than the database's container has beside its shared "
                + "memory: \(Self.words(max(0, limit - shared))) of \(Self.words(limit))"
        }
        return nil
    }

    /// Settings that count for shared memory.
    private static let shared = [
        "shared_buffers", "max_connections", "max_locks_per_transaction", "max_worker_processes", "max_wal_senders",
    ]
    /// Settings of memory that a single session may take at once.
    private static let single = ["work_mem", "maintenance_work_mem", "logical_decoding_work_mem"]

    private static func variable(_ name: String) -> String { "POSTGRES_\(name.uppercased())" }

    private var sharedBytes: Double {
        let processes = count("max_connections", 100) + count("max_worker_processes", 8) + count("max_wal_senders", 10)
        let locks = count("max_locks_per_transaction", 64) * processes
        return (bytes("shared_buffers") ?? 134_217_728) + locks * Self.bytesPerLock
            + processes * Self.bytesPerConnection
    }

    /// A number, or PostgreSQL's own default.
    private func count(_ name: String, _ standard: Double) -> Double {
        settings[Self.variable(name)].flatMap { Double($0.reveal()) } ?? standard
    }

    private func bytes(_ name: String) -> Double? {
        guard let text = settings[Self.variable(name)]?.reveal(),
            let quantity = StackSettings.postgres.quantity(ofVariable: Self.variable(name))
        else { return nil }
        return quantity.value(of: text).map { $0 * quantity.unit.size }
    }

    private static func words(_ bytes: Double) -> String { "\(Int64((bytes / 1_048_576).rounded())) MB" }
}
