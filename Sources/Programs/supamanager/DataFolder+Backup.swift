import APIKit
import EmbeddedPostgres
import FileKit
import FoundationEssentials
import TokenKit

/// What backups and restores of the manager have to do with its folder.
extension DataFolder {
    /// Where a backup or a restore keeps what it needs for a moment.
    static func workFolder(in path: String) -> String { path + "/backup.work" }

    static func removeWorkFolder(in path: String) throws {
        guard FileManager.default.fileExists(atPath: workFolder(in: path)) else { return }
        try FileManager.default.removeItem(atPath: workFolder(in: path))
    }

    /// The file of the access token of the first start; nil for an installation that was given one.
    static func tokenFile(in path: String) throws -> KeyBytes? {
        let file = path + "/" + tokenFileName
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        return try KeyFile.read(file, byteCount: tokenFileBytes)
    }

    /// What a manager leaves in its folder: a restore makes all of it.
    static let stateNames = [
        "installation", tokenFileName, "master.key", EmbeddedClusterConfiguration.folderName, "projects",
    ]

    /// Names of a manager's state in a folder; none in an empty one, or where there is no folder.
    static func state(in path: String) -> [String] {
        stateNames.filter { FileManager.default.fileExists(atPath: path + "/" + $0) }
    }
}
