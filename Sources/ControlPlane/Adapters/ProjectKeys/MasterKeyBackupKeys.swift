public import Orchestrator

/// Derives the keys of backups from the master key, for this installation and one archive alone: they are stored
/// nowhere, and the backups of a deleted project can be read for as long as the master key is there.
public struct MasterKeyBackupKeys: Sendable {
    private let codes: DerivedHMAC

    /// Keys of one installation.
    public init(master: MasterKey, installation: String) {
        codes = DerivedHMAC(master: master, installation: installation, purpose: "backup key")
    }

    /// The key of an archive; 32 bytes.
    public func bytes(of archive: String) throws(KeyError) -> [UInt8] { try codes.code(of: Array(archive.utf8)) }
}
