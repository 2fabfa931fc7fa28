public import BackupModel
import DeflateKit

/// What a restore reads.
extension ReplicationArchive {
    public func baseTar(of plan: RestorePlan, in access: ArchiveAccess) -> ArchiveBytes {
        let name = ObjectNames(access.location).base(plan.base.id)
        let store = store
        return ArchiveBytes { () async throws(BackupError) in
            let reader = try await SealedReader.open(name, in: store, key: access.key)
            return { () async throws(BackupError) in try await reader.next() }
        }
    }

    public func bytes(of plan: RestorePlan, in access: ArchiveAccess) async throws(BackupError) -> Int64 {
        let found = try await record(of: plan.base.id, access)
        let name = ObjectNames(access.location).manifest(plan.base.id)
        let manifest = try await readManifest(found.record, name, in: access)
        let segment = max(1, plan.base.segmentBytes)
        let segments = Set(
            plan.log.flatMap { piece in
                (piece.from.value / segment...(max(piece.from.value + 1, piece.to.value) - 1) / segment)
                    .map { [UInt64(piece.chunk.timeline.value), $0] }
            })
        let (log, isHuge) = UInt64(segments.count).multipliedReportingOverflow(by: segment)
        let files = manifest.files.values.reduce(UInt64(0)) { sum, file in
            let (next, overflow) = sum.addingReportingOverflow(file.bytes)
            return overflow ? .max : next
        }
        let (sum, overflow) = files.addingReportingOverflow(log)
        return isHuge || overflow ? .max : Int64(clamping: sum)
    }

    public func walTar(of plan: RestorePlan, in access: ArchiveAccess, owner: TarOwner) -> ArchiveBytes {
        ArchiveBytes { () async throws(BackupError) in
            let tar = WALTar(self, plan, access: access, owner: owner)
            return { () async throws(BackupError) in try await tar.next() }
        }
    }

    /// The log of a chunk.
    func bytes(of chunk: WALChunk, _ access: ArchiveAccess) async throws(BackupError) -> [UInt8] {
        let name = ObjectNames(access.location).chunk(chunk)
        let reader = try await SealedReader.open(name, in: store, key: access.key)
        var packed: [UInt8] = []
        while let piece = try await reader.next() { packed += piece }
        let count = chunk.to.value - chunk.from.value
        guard count <= UInt64(2 * max(limits.chunkBytes, 4 << 20)),
            let bytes = try? Gzip.decompress(packed, limitBytes: Int(count)), UInt64(bytes.count) == count
        else { throw .damaged(object: name, reason: "it holds another stretch of the log than its name says") }
        return bytes
    }
}
