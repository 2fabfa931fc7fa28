import ArgumentParser
import FoundationEssentials
import ManagementClient
import PostgresKit

/// Whose data: the options of `serve` that say where it is, and the passphrase of a backup of it.
struct ManagerDataOptions: ParsableArguments {
    @Option(help: "Folder for everything the manager keeps on disk. [SUPAMANAGER_DATA_DIR]")
    var dataDir: String?

    @Option(help: "PostgreSQL that holds the manager's state, postgres://…. [SUPAMANAGER_DATABASE_URL]")
    var databaseURL: String?

    @Option(help: "File with the master key. [SUPAMANAGER_MASTER_KEY_FILE]")
    var masterKeyFile: String?

    @Option(help: "File with the passphrase of the backup, in its first line.")
    var passphraseFile: String?

    /// The options, under the names of their environment variables.
    var settings: [String: String] {
        let given = [
            "SUPAMANAGER_DATA_DIR": dataDir, "SUPAMANAGER_DATABASE_URL": databaseURL,
            "SUPAMANAGER_MASTER_KEY_FILE": masterKeyFile,
        ]
        return given.compactMapValues { $0 }
    }

    /// Longest passphrase.
    private static let passphraseBytesMax = 1_024

    /// The passphrase of the file; nil where none is named.
    func passphrase() throws -> [UInt8]? {
        guard let passphraseFile else { return nil }
        guard let contents = FileManager.default.contents(atPath: passphraseFile) else {
            throw ServeSettings.Problem(description: "the passphrase file \(passphraseFile) cannot be read")
        }
        let line = Array(contents.prefix { $0 != 0x0A && $0 != 0x0D })
        guard (1...Self.passphraseBytesMax).contains(line.count) else {
            throw ServeSettings.Problem(
                description:
                    "the first line of \(passphraseFile) is no passphrase: 1 to \(Self.passphraseBytesMax) bytes")
        }
        return line
    }

    /// Does something with a manager's data as the owner of its folder: what root made there would be out of the
    /// manager's reach.
    static func asOwner(of folder: String, _ body: () async throws -> Void) async throws {
        guard SystemAccount.isRoot, let owner = SystemAccount.owner(of: folder), owner.userID != 0 else {
            return try await body()
        }
        try await owner.acting(body)
    }
}
