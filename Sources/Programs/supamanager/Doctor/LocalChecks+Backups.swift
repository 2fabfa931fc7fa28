import BackupModel
import ConsistencyModel
import CurlKit
import FoundationEssentials
import LinuxHost
import ReplicationArchive

/// The check of where backups go.
extension LocalChecks {
    /// The store takes what is written to it: a folder has room and is this user's, a bucket answers to the keys.
    func backupStore(client: HTTPClient) async -> ConsistencyFinding {
        switch settings.backups {
        case nil:
            ConsistencyFinding(
                "backups.store", .warning, found: "no backups are made: SUPAMANAGER_BACKUPS is none",
                advice: "name a folder on another disk, or a bucket: SUPAMANAGER_BACKUPS=s3://BUCKET/PREFIX")
        case .folder(let path): folder(of: path)
        case .s3(let bucket): await answer(of: bucket, client)
        }
    }

    private func folder(of path: String) -> ConsistencyFinding {
        func finding(_ severity: ConsistencyFinding.Severity, _ found: String, advice: String = "")
            -> ConsistencyFinding
        {
            ConsistencyFinding("backups.store", severity, subject: path, found: found, advice: advice)
        }
        let place = DataFolder.existingPart(of: path)
        guard FileManager.default.isWritableFile(atPath: place) else {
            return finding(
                .error, "this user may not write backups into \(place)",
                advice: "give it to the manager's user, or name another store with SUPAMANAGER_BACKUPS")
        }
        guard let space = try? LinuxHostInspection().diskSpace(under: path) else {
            return finding(.warning, "the disk of the backups in \(path) cannot be asked for its room")
        }
        guard Int64(clamping: space.freeBytes) >= FolderStore.freeBytesMin else {
            return finding(
                .error,
                "\(space.freeBytes >> 20) MiB are free for backups in \(path), and below \(FolderStore.freeBytesMin >> 20)"
                    + " MiB none are made",
                advice: "make room, or name another store with SUPAMANAGER_BACKUPS")
        }
        return finding(.ok, "backups go into the folder \(path), which has \(space.freeBytes >> 30) GiB free")
    }

    private func answer(of bucket: S3StoreSettings, _ client: HTTPClient) async -> ConsistencyFinding {
        do throws(BackupError) {
            _ = try await S3Store(bucket, client: client).size(of: "v1/doctor")
            return ConsistencyFinding(
                "backups.store", .ok, subject: "\(bucket)", found: "backups go to \(bucket), which answers to the keys")
        } catch {
            return ConsistencyFinding(
                "backups.store", .error, subject: "\(bucket)", found: "\(error)",
                advice: "check that the bucket exists, that the keys may list, read, write and delete in it, and that"
                    + " SUPAMANAGER_BACKUPS_S3_ENDPOINT and _REGION are the bucket's")
        }
    }
}
