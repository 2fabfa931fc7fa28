import BackupModel
public import Orchestrator

/// The keys of archives, which are stored nowhere.
public struct BackupKeyring: Sendable {
    /// The bytes of the key of an archive.
    public typealias Derivation = @Sendable (_ archive: String) throws(KeyError) -> [UInt8]

    private let installation: String
    private let derive: Derivation

    public init(installation: String, derive: @escaping Derivation) {
        self.installation = installation
        self.derive = derive
    }

    /// Where an archive is, and its key.
    func access(to archive: String) throws(BackupRefusal) -> ArchiveAccess {
        let bytes: [UInt8]
        do { bytes = try derive(archive) } catch { throw .failed("the key of the backups cannot be derived: \(error)") }
        guard let location = ArchiveLocation(installation: installation, incarnation: archive),
            let key = BackupKey(bytes)
        else { throw .failed("the archive \(archive) has no usable name or key") }
        return ArchiveAccess(location: location, key: key)
    }
}
