public import Orchestrator
import ProjectModel

/// Knows what PostgreSQL takes of its container's memory, as far as that is sure beforehand. Pure.
public struct PostgresMemory: DatabaseMemory {
    /// The knowledge of every version that the stacks have.
    public init() {}

    /// What is refused: shared memory beyond a share of the limit, and what one session may take beyond the rest.
    public func problem(with settings: ProjectSettingsValues, limit: Int64, changed: Set<String>) -> String? {
        PostgresMemoryEstimate(settings, limit: limit).problem(changed: changed)
    }
}

/// What PostgreSQL would take with some settings.
private struct PostgresMemoryEstimate {
    /// Share of the limit that shared memory may have: with more, nothing is left for connections and for sorting, and
    /// the kernel ends the database.
    static let sharedPercentMax = 75
    /// Bytes of shared memory for one lock, and for one connection besides (`CalculateShmemSize`, rounded down).
    private static let bytesPerLock = 256.0
    private static let bytesPerConnection = 16_384.0

    private let settings: ProjectSettingsValues
    private let limit: Double

    /// The settings in force, and the container's limit in bytes.
    init(_ settings: ProjectSettingsValues, limit: Int64) {
        self.settings = settings
        self.limit = Double(limit)
    }

    func problem(changed: Set<String>) -> String? {
        let shared = sharedBytes
        let sharedMax = limit * Double(Self.sharedPercentMax) / 100
        if shared > sharedMax, !changed.isDisjoint(with: Self.shared.compactMap(variable)) {
            return "the database would reserve \(Self.words(shared)) of shared memory (shared_buffers, and locks and "
                + "connections by max_connections, max_locks_per_transaction, max_worker_processes and max_wal_senders), "
                + "and its container has \(Self.words(limit)): at most \(Self.words(sharedMax))"
        }
        for name in Self.single where variable(name).map(changed.contains) == true {
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

    private func variable(_ name: String) -> String? { settings.variable(of: SettingName(.database, name)) }

    private func text(_ name: String) -> String? { variable(name).flatMap { settings[$0] } }

    private var sharedBytes: Double {
        let processes = count("max_connections", 100) + count("max_worker_processes", 8) + count("max_wal_senders", 10)
        let locks = count("max_locks_per_transaction", 64) * processes
        return (bytes("shared_buffers") ?? 134_217_728) + locks * Self.bytesPerLock
            + processes * Self.bytesPerConnection
    }

    /// A number, or PostgreSQL's own default.
    private func count(_ name: String, _ standard: Double) -> Double {
        text(name).flatMap { Double($0) } ?? standard
    }

    private func bytes(_ name: String) -> Double? {
        guard let text = text(name), let quantity = StackSettings.postgres.quantity(of: name) else { return nil }
        return quantity.value(of: text).map { $0 * quantity.unit.size }
    }

    private static func words(_ bytes: Double) -> String { "\(Int64((bytes / 1_048_576).rounded())) MB" }
}
