public import BackupModel
import PostgresKit
import ProjectModel

/// Base backups.
extension ReplicationArchive {
    public func takeBase(
        _ request: BaseBackupRequest, progress: @escaping @Sendable (Int64) async -> Void
    ) async throws(BackupError) -> BaseBackup {
        let connection = try await connect(request.source)
        let result: Result<BaseBackup, BackupError>
        do throws(BackupError) {
            result = .success(try await copy(request, from: connection, progress))
        } catch { result = .failure(error) }
        await connection.close()
        return try result.get()
    }

    private func copy(
        _ request: BaseBackupRequest, from connection: PostgresPhysicalReplication,
        _ progress: @Sendable (Int64) async -> Void
    ) async throws(BackupError) -> BaseBackup {
        let identity = try await reading { () async throws(PostgresError) in try await connection.identify() }
        try await claim(request.access, for: identity)
        if identity.timeline > 1 {
            let branches = try await contents(of: request.access).branches
            _ = try await noteBranch(of: identity, known: branches, request.access, over: connection)
        }
        var options = PostgresPhysicalReplication.BackupOptions(label: "sm:\(request.id)")
        options.includesWAL = request.includesWAL
        options.kilobytesPerSecond = request.kilobytesPerSecond
        let start = try await reading { () async throws(PostgresError) in try await connection.startBackup(options) }
        guard start.tablespaces == 0 else {
            throw .invalid("the cluster has tablespaces, which cannot be backed up: move their tables to pg_default")
        }
        let (names, key) = (ObjectNames(request.access.location), request.access.key)
        let base = try await SealedWriter.begin(names.base(request.id), in: store, key: key)
        do throws(BackupError) {
            let manifest = try await SealedWriter.begin(names.manifest(request.id), in: store, key: key)
            do throws(BackupError) {
                let end = try await receive(connection, base: base, manifest: manifest, progress)
                let clock = try await reading { () async throws(PostgresError) in try await connection.clock() }
                var backup = BaseBackup(
                    id: request.id, timeline: TimelineID(start.timeline), start: WALPosition(start.start.value),
                    end: end, begun: Timestamp(identity.clock), finished: Timestamp(clock) + .milliseconds(1),
                    storedBytes: 0, systemIdentifier: identity.systemIdentifier,
                    serverVersion: identity.serverVersion, segmentBytes: identity.segmentBytes,
                    includesWAL: request.includesWAL)
                let parts = (base: try await base.finish(), manifest: try await manifest.finish())
                try await confirm(parts.base, names.base(request.id))
                try await confirm(parts.manifest, names.manifest(request.id))
                backup.storedBytes = parts.base.bytes + parts.manifest.bytes
                let record = BackupRecord(backup, base: parts.base, manifest: parts.manifest)
                let name = names.record(request.id)
                try await store.put(name, try AuthenticJSON.write(record, mac: \.mac, name: name, key: key))
                return backup
            } catch {
                await manifest.abandon()
                throw error
            }
        } catch {
            await base.abandon()
            throw error
        }
    }

    /// A store that has less than it took does not count as one that has it.
    func confirm(_ part: StoredPart, _ name: String) async throws(BackupError) {
        let found = try await store.size(of: name)
        guard found == part.bytes else {
            throw .store("it took \(part.bytes) bytes of \(name) and has \(found.map(String.init) ?? "none")")
        }
    }

    /// Passes everything on; where the copy is consistent.
    private func receive(
        _ connection: PostgresPhysicalReplication, base: SealedWriter, manifest: SealedWriter,
        _ progress: @Sendable (Int64) async -> Void
    ) async throws(BackupError) -> WALPosition {
        var (isManifest, received, manifestBytes) = (false, Int64(0), 0)
        while true {
            let limit = limits.silenceMax
            let parts = try await reading { () async throws(PostgresError) in
                try await connection.nextParts(within: limit)
            }
            guard !parts.isEmpty else { throw .source("the server sent nothing of the backup for \(limit)") }
            for part in parts {
                switch part {
                case .archive(_, let tablespace):
                    guard tablespace.isEmpty else { throw .invalid("the cluster has tablespaces") }
                case .manifest: isManifest = true
                case .progress: break
                case .end(let position, _): return WALPosition(position.value)
                case .data(let bytes) where isManifest:
                    manifestBytes += bytes.count
                    guard manifestBytes <= limits.manifestBytesMax else {
                        throw .source("the manifest is larger than \(limits.manifestBytesMax) bytes")
                    }
                    try await manifest.append(bytes)
                case .data(let bytes):
                    received += Int64(bytes.count)
                    try await base.append(bytes)
                }
            }
            await progress(received)
        }
    }
}
