public import BackupModel
import DeflateKit
import TokenKit

/// Checks without a server.
extension ReplicationArchive {
    public func verify(_ id: BackupID, in access: ArchiveAccess) async throws(BackupError) -> BackupVerification {
        var findings = Findings()
        do throws(BackupError) { try await check(id, in: access, into: &findings) } catch {
            switch error {
            case .damaged, .gap: findings.add("\(error)")
            default: throw error
            }
        }
        return BackupVerification(
            id: id, files: findings.files, bytes: findings.bytes, problems: findings.problems)
    }

    private func check(
        _ id: BackupID, in access: ArchiveAccess, into findings: inout Findings
    ) async throws(BackupError) {
        let (record, backup) = try await record(of: id, access)
        let names = ObjectNames(access.location)
        let manifest = try await readManifest(record, names.manifest(id), in: access)
        try await readBase(record, names.base(id), in: access, against: manifest, into: &findings)
        guard !backup.includesWAL else { return }
        let plan = try await restorePlan(for: .backup(id), in: access, known: nil)
        for piece in plan.log { _ = try await bytes(of: piece.chunk, access) }
    }

    /// The server's manifest of a backup.
    func readManifest(
        _ record: BackupRecord, _ name: String, in access: ArchiveAccess
    ) async throws(BackupError) -> BackupManifest {
        let reader = try await SealedReader.open(name, in: store, key: access.key)
        var bytes: [UInt8] = []
        while let piece = try await reader.next() {
            bytes += piece
            guard bytes.count <= limits.manifestBytesMax else {
                throw .damaged(object: name, reason: "it is too large")
            }
        }
        guard try await reader.stored() == record.manifest else {
            throw .damaged(object: name, reason: "it is another object than the backup's record names")
        }
        guard let manifest = BackupManifest(bytes) else {
            throw .damaged(object: name, reason: "it is no manifest, or its checksum is wrong")
        }
        return manifest
    }

    private func readBase(
        _ record: BackupRecord, _ name: String, in access: ArchiveAccess, against manifest: BackupManifest,
        into findings: inout Findings
    ) async throws(BackupError) {
        let reader = try await SealedReader.open(name, in: store, key: access.key)
        let gunzip = try Self.packing { () throws(DeflateError) in try Gunzip() }
        var check = ManifestCheck(manifest)
        do {
            while let piece = try await reader.next() {
                gunzip.feed(piece)
                while let plain = try gunzip.next() { try check.take(plain) }
            }
        } catch let error as BackupError { throw error } catch {
            throw .damaged(object: name, reason: "it is no gzip-compressed tar")
        }
        guard gunzip.isAtEnd, check.isAtEnd else { throw .damaged(object: name, reason: "it ends too early") }
        guard try await reader.stored() == record.base else {
            throw .damaged(object: name, reason: "it is another object than the backup's record names")
        }
        (findings.files, findings.bytes) = (check.files, check.bytes)
        for problem in check.conclude() { findings.add(problem) }
    }
}

private struct Findings {
    var files = 0
    var bytes: Int64 = 0
    var problems: [String] = []

    mutating func add(_ problem: String) {
        if problems.count < BackupVerification.problemsMax { problems.append(problem) }
    }
}

/// Compares the files of a tar with a manifest while they come.
struct ManifestCheck {
    private var reader = TarReader()
    private var expected: [String: (bytes: UInt64, sha256: String)]
    private var current: (name: String, bytes: UInt64, digest: RunningDigest)?
    private var problems: [String] = []
    private(set) var files = 0
    private(set) var bytes: Int64 = 0

    init(_ manifest: BackupManifest) { expected = manifest.files }

    var isAtEnd: Bool { reader.isAtEnd }

    mutating func take(_ bytes: [UInt8]) throws {
        var events: [TarReader.Event] = []
        try reader.take(bytes) { events.append($0) }
        for event in events {
            switch event {
            case .file(let name, let bytes): current = (name, bytes, try RunningDigest(.sha256))
            case .content(let bytes): try current?.digest.update(bytes)
            case .end: try endFile()
            }
        }
    }

    private mutating func endFile() throws {
        guard let (name, size, digest) = current else { return }
        current = nil
        let sum = Hex.encode(try digest.finish())
        guard let wanted = expected.removeValue(forKey: name) else {
            // The log is not in the manifest, and neither is the manifest.
            if !name.hasPrefix("pg_wal/") { problems.append("the file \(name) is not in the manifest") }
            return
        }
        guard wanted.bytes == size, wanted.sha256 == sum else {
            problems.append("the file \(name) has other contents than the manifest says")
            return
        }
        files += 1
        bytes += Int64(size)
    }

    /// Everything that is wrong, once all was read.
    func conclude() -> [String] {
        problems + expected.keys.sorted().map { "the file \($0) of the manifest is missing" }
    }
}
