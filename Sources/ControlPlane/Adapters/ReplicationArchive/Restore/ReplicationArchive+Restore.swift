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
