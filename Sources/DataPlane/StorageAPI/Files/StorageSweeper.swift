import FileKit

/// Removes files that no row names, which a crash or a lost connection left.
///
/// A file is looked at only when it has not changed for the grace time: what is being written is younger.
public struct StorageSweeper: Sendable {
    /// Time between two rounds.
    public static let interval: Duration = .seconds(3_600)
    /// How long a file may have no row, in seconds: far more than an upload's last step takes.
    public static let graceSeconds: Double = 3_600
    /// Versions that one statement asks for.
    private static let batchMax = 500

    private let service: StorageService
    private let graceSeconds: Double

    /// A sweeper.
    ///
    /// - Parameter graceSeconds: how long a file may have no row.
    public init(service: StorageService, graceSeconds: Double = StorageSweeper.graceSeconds) {
        self.service = service
        self.graceSeconds = graceSeconds
    }

    /// What a round did.
    public struct Result: Sendable, Equatable {
        /// Files that were removed.
        public var removed = 0
        /// Bytes of all published files, before the round.
        public var bytes = 0
    }

    /// One pass over all files. Uploads that were not finished in time end.
    public func round() async throws -> Result {
        var result = Result()
        try await endExpiredUploads()
        let limit = service.clock() - graceSeconds
        result.removed += try await sweep(service.files.incoming(unchangedSince: limit)) {
            try await service.files.discard($0)
        }
        for shard in 0..<service.files.shardCount {
            let files = try await service.files.published(inShard: shard, unchangedSince: .infinity)
            result.bytes += files.reduce(0) { $0 + $1.bytes }
            let old = try await service.files.published(inShard: shard, unchangedSince: limit)
            result.removed += try await sweep(old) { try await service.files.remove($0) }
        }
        return result
    }

    private func endExpiredUploads() async throws {
        while true {
            let now = service.clock()
            let versions = try await service.database.asOwner {
                try await $0.deleteExpiredUploads(at: now, limit: Self.batchMax)
            }
            for version in versions { try await service.files.discard(version) }
            if versions.count < Self.batchMax { return }
        }
    }

    private func sweep(
        _ files: [StoredSize], _ remove: (ObjectVersion) async throws -> Void
    ) async throws -> Int {
        var removed = 0
        var rest = files.map(\.version)[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.batchMax))
            rest = rest.dropFirst(batch.count)
            for version in try await service.database.asOwner({ try await $0.unreferenced(batch) }) {
                try await remove(version)
                removed += 1
            }
        }
        return removed
    }
}
