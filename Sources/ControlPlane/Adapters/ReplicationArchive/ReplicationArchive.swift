public import BackupModel
import PostgresKit
public import ProjectModel
import TokenKit

/// The archive over PostgreSQL's replication protocol: nothing of it runs beside the database.
public struct ReplicationArchive: BackupArchive {
    let store: any ObjectStore
    let limits: ArchiveLimits

    public init(store: any ObjectStore, limits: ArchiveLimits = ArchiveLimits()) {
        self.store = store
        self.limits = limits
    }

    public func contents(of access: ArchiveAccess) async throws(BackupError) -> ArchiveContents {
        let names = ObjectNames(access.location)
        let objects = try await store.list(names.root)
        var contents = ArchiveContents(bases: [], chunks: objects.compactMap { names.chunk($0) }, branches: [])
        for object in objects {
            if let (id, name) = names.baseObject(object), name == "backup.json" {
                // A record that was changed hides no other backup.
                do throws(BackupError) { contents.bases.append(try await record(of: id, access).backup) } catch {
                    guard case .damaged = error else { throw error }
                    contents.damaged.append(object.name)
                }
            } else if let history = names.history(object) {
                let text = try await historyText(history.timeline, seen: history.seen, access)
                guard let branch = TimelineHistory(text)?.branch(history.timeline, seen: history.seen) else {
                    throw .damaged(object: object.name, reason: "it is no history of a time line")
                }
                contents.branches.append(branch)
            }
        }
        contents.bases.sort { ($0.finished, $0.id) < ($1.finished, $1.id) }
        contents.chunks.sort { ($0.timeline, $0.from, $0.to) < ($1.timeline, $1.from, $1.to) }
        contents.branches.sort { $0.timeline < $1.timeline }
        return contents
    }

    public func restorePlan(
        for target: RestoreTarget, in access: ArchiveAccess, known: WALProgress?
    ) async throws(BackupError) -> RestorePlan {
        try RestorePlanner.plan(for: target, in: try await contents(of: access), known: known)
    }

    public func restorableSpans(
        of access: ArchiveAccess, known: WALProgress?
    ) async throws(BackupError) -> [RestorableSpan] {
        RestorePlanner.spans(in: try await contents(of: access), known: known)
    }

    public func remove(_ id: BackupID, in access: ArchiveAccess) async throws(BackupError) {
        let names = ObjectNames(access.location)
        for name in [names.record(id), names.manifest(id), names.base(id)] { try await store.remove(name) }
    }

    public func removeUnfinished(before time: Timestamp, in access: ArchiveAccess) async throws(BackupError) -> Int {
        let names = ObjectNames(access.location)
        try await store.removeUnfinished(names.root, before: time)
        let objects = try await store.list(names.bases)
        let complete = Set(objects.compactMap { names.baseObject($0) }.filter { $0.name == "backup.json" }.map(\.id))
        var count = 0
        for object in objects where object.modified < time {
            guard let id = names.baseObject(object)?.id, !complete.contains(id) else { continue }
            try await store.remove(object.name)
            count += 1
        }
        return count
    }

    public func removeWAL(
        before position: WALPosition, on timeline: TimelineID, in access: ArchiveAccess
    ) async throws(BackupError) -> Int {
        let names = ObjectNames(access.location)
        var count = 0
        for object in try await store.list(names.root + "wal/") {
            guard let chunk = names.chunk(object), chunk.timeline == timeline, chunk.to <= position else { continue }
            try await store.remove(object.name)
            count += 1
        }
        return count
    }
}

extension ReplicationArchive {
    /// A backup's record and the backup that it describes.
    func record(
        of id: BackupID, _ access: ArchiveAccess
    ) async throws(BackupError) -> (record: BackupRecord, backup: BaseBackup) {
        let name = ObjectNames(access.location).record(id)
        guard let bytes = try await store.get(name, bytesMax: BackupRecord.bytesMax) else { throw .noBackup(id) }
        let record: BackupRecord = try AuthenticJSON.read(bytes, mac: \.mac, name: name, key: access.key)
        guard record.format == BackupRecord.currentFormat, let backup = record.backup, backup.id == id else {
            throw .damaged(object: name, reason: "it has another format than this version knows")
        }
        return (record, backup)
    }

    func historyText(
        _ timeline: TimelineID, seen: Timestamp, _ access: ArchiveAccess
    ) async throws(BackupError) -> String {
        let name = ObjectNames(access.location).history(timeline, seen: seen)
        let reader = try await SealedReader.open(name, in: store, key: access.key)
        return String(decoding: try await reader.next() ?? [], as: UTF8.self)
    }

    /// Refuses a cluster that is not the archive's; a new archive becomes this cluster's.
    func claim(_ access: ArchiveAccess, for identity: ClusterIdentity) async throws(BackupError) {
        let name = ObjectNames(access.location).cluster
        let found = try await store.get(name, bytesMax: BackupRecord.bytesMax)
        guard let found else {
            let record = ClusterRecord(systemIdentifier: String(identity.systemIdentifier))
            return try await store.put(
                name, try AuthenticJSON.write(record, mac: \.mac, name: name, key: access.key))
        }
        let record: ClusterRecord = try AuthenticJSON.read(found, mac: \.mac, name: name, key: access.key)
        let expected = UInt64(record.systemIdentifier) ?? 0
        guard expected == identity.systemIdentifier else {
            throw .otherCluster(expected: expected, found: identity.systemIdentifier)
        }
    }

    /// A connection to the cluster.
    func connect(_ source: ReplicationSource) async throws(BackupError) -> PostgresPhysicalReplication {
        var parameters = PostgresConnectionParameters(
            host: source.host, port: source.port, user: source.user, database: source.database,
            password: source.password)
        parameters.options = ["sslmode": source.tls.rawValue, "application_name": "supamanager backup"]
        do throws(PostgresError) { return try await PostgresPhysicalReplication.connect(parameters) } catch {
            throw BackupError(error)
        }
    }
}

extension BackupError {
    init(_ error: PostgresError) {
        self = if case .cancelled = error { .cancelled } else { .source("\(error)") }
    }
}

/// Runs work on the database's connection.
func reading<Value>(
    _ work: () async throws(PostgresError) -> Value
) async throws(BackupError) -> Value {
    do throws(PostgresError) { return try await work() } catch { throw BackupError(error) }
}

extension Timestamp {
    init(_ time: PostgresTimestamp) { self.init(milliseconds: time.microsecondsSinceEpoch / 1_000) }
}
