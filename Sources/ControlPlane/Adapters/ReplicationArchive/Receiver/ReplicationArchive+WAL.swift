public import BackupModel
import DeflateKit
import FoundationEssentials
import PostgresKit
import ProjectModel

/// The log.
extension ReplicationArchive {
    public func receiveWAL(
        _ request: WALRequest, report: @escaping @Sendable (WALEvent) async -> Void
    ) async throws(BackupError) {
        guard request.uploadEvery >= .seconds(1) else { throw .invalid("log is uploaded at most once a second") }
        try await withConnection(request.source) { connection async throws(BackupError) in
            try await WALReceiver(archive: self, request: request, report: report).run(connection)
        }
    }

    public func reserveWAL(_ request: WALRequest) async throws(BackupError) {
        try await withConnection(request.source) { connection async throws(BackupError) in
            _ = try await WALReceiver(archive: self, request: request, report: { _ in }).reserve(connection)
        }
    }

    public func releaseWAL(_ request: WALRequest) async throws(BackupError) {
        try await withConnection(request.source) { connection async throws(BackupError) in
            try await reading { () async throws(PostgresError) in
                guard try await connection.slot(request.slot) != nil else { return }
                try await connection.dropSlot(request.slot)
            }
        }
    }

    /// Stores the history of a cluster's time line where the archive does not know it, so that no restore takes the same
    /// number again; nil for the first time line.
    func noteBranch(
        of identity: ClusterIdentity, known: [TimelineBranch], _ access: ArchiveAccess,
        over connection: PostgresPhysicalReplication
    ) async throws(BackupError) -> (branch: TimelineBranch?, isNew: Bool) {
        let timeline = TimelineID(identity.timeline)
        guard timeline > TimelineID(1) else { return (nil, false) }
        let text = try await reading { () async throws(PostgresError) in
            try await connection.history(of: timeline.value)
        }
        let seen = Timestamp(identity.clock)
        guard let branch = TimelineHistory(text)?.branch(timeline, seen: seen) else {
            throw .source("the server's history of time line \(timeline) cannot be read")
        }
        if let known = known.first(where: { $0.timeline == timeline }) {
            guard known.parent == branch.parent, known.from == branch.from else {
                throw .invalid(
                    "the archive has another time line \(timeline), which left time line \(known.parent) at "
                        + "\(known.from), and the database's left \(branch.parent) at \(branch.from): restore a backup, "
                        + "so that the database gets a time line of its own")
            }
            return (known, false)
        }
        let name = ObjectNames(access.location).history(timeline, seen: seen)
        _ = try await seal(Array(text.utf8), as: name, key: access.key)
        return (branch, true)
    }

    private func withConnection(
        _ source: ReplicationSource,
        _ work: (PostgresPhysicalReplication) async throws(BackupError) -> Void
    ) async throws(BackupError) {
        let connection = try await connect(source)
        let result: Result<Void, BackupError>
        do throws(BackupError) { result = .success(try await work(connection)) } catch { result = .failure(error) }
        await connection.close()
        try result.get()
    }

    /// Writes a small object, encrypted.
    func seal(_ bytes: [UInt8], as name: String, key: BackupKey) async throws(BackupError) -> StoredPart {
        let writer = try await SealedWriter.begin(name, in: store, key: key)
        do throws(BackupError) {
            try await writer.append(bytes)
            return try await writer.finish()
        } catch {
            await writer.abandon()
            throw error
        }
    }

    /// Failures of zlib are failures of this machine.
    static func packing<Value>(_ work: () throws(DeflateError) -> Value) throws(BackupError) -> Value {
        do throws(DeflateError) { return try work() } catch { throw .store("compression failed: \(error)") }
    }
}

/// The clock of this machine.
enum WallClock {
    /// Milliseconds since 1970.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
