import BackupModel
import CurlKit
import FoundationEssentials
import ReplicationArchive

/// Where backups go.
extension ServeSettings {
    private static let store = "SUPAMANAGER_BACKUPS"

    /// - Parameter value: a variable; nil where it is not set.
    static func backupStore(
        dataFolder: String, _ value: (String) -> String?
    ) throws -> BackupStoreSettings? {
        let text = value(store) ?? dataFolder + "/backups"
        if text == "none" { return nil }
        // A scheme is no name of a folder. The store for buckets is not offered: libcurl 7.88 signs header fields that are
        // not sent, and leaves out the body's digest, which strict servers of S3 refuse.
        guard !text.contains("://") else {
            throw Problem(
                description:
                    "\(store)=\(text) is no folder: backups go into a folder, and not yet into a bucket; mount "
                    + "the bucket, or copy the folder to it")
        }
        return .folder(path: absolute(text))
    }

    /// What the store is; nil where no backups are made.
    var backupsKind: BackupStoreKind? { backups?.kind }

    /// The archive in the store of the settings; nil where no backups are made. A folder is made where it is missing,
    /// and closed to other users.
    ///
    /// - Parameter client: The client of buckets.
    func backupArchive(client: HTTPClient) throws -> (any BackupArchive)? {
        guard let backups else { return nil }
        if case .folder(let path) = backups {
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw Problem(
                    description: "the folder of backups \(path) cannot be made (SUPAMANAGER_BACKUPS): \(error)")
            }
        }
        do throws(BackupError) { return try ReplicationArchives(client: client).archive(in: backups) } catch {
            throw Problem(description: "SUPAMANAGER_BACKUPS: \(error)")
        }
    }
}
