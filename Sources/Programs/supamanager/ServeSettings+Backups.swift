import BackupModel
import CurlKit
import FoundationEssentials
import ReplicationArchive

/// Where backups go, by the variables of the environment.
extension ServeSettings {
    private static let store = "SUPAMANAGER_BACKUPS"
    private static let scheme = "s3://"

    /// - Parameter value: a variable; nil where it is not set.
    static func backupStore(
        dataFolder: String, _ value: (String) -> String?
    ) throws -> BackupStoreSettings? {
        let text = value(store) ?? dataFolder + "/backups"
        if text == "none" { return nil }
        guard text.hasPrefix(scheme) else {
            // A scheme that is none of ours is no name of a folder.
            guard !text.contains("://") else {
                throw Problem(description: "\(store)=\(text) is no folder, no s3://BUCKET/PREFIX and not none")
            }
            return .folder(path: absolute(text))
        }
        return .s3(try bucket(String(text.dropFirst(scheme.count)), value))
    }

    private static func bucket(_ place: String, _ value: (String) -> String?) throws -> S3StoreSettings {
        func required(_ name: String) throws -> String {
            let name = "\(store)_S3_\(name)"
            guard let text = value(name) else {
                throw Problem(description: "\(store) names a bucket, which needs \(name)")
            }
            return text
        }
        let parts = place.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let prefix = parts.count > 1 ? String(parts[1]) : ""
        let settings = S3StoreSettings(
            endpoint: try required("ENDPOINT"), region: value("\(store)_S3_REGION") ?? "us-east-1",
            bucket: String(parts[0]), prefix: prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/",
            accessKeyID: try required("ACCESS_KEY_ID"), secretAccessKey: try required("SECRET_ACCESS_KEY"))
        do { try S3Store.check(settings) } catch { throw Problem(description: "\(store): \(error)") }
        return settings
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
