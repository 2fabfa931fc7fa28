import BackupModel
import ConsistencyModel
import FoundationEssentials
import LinuxHost
import ReplicationArchive

/// The check of where backups go.
extension LocalChecks {
    /// The store takes what is written to it: it has room and is this user's.
    func backupStore() -> ConsistencyFinding {
        switch settings.backups {
        case nil:
            ConsistencyFinding(
                "backups.store", .warning, found: "no backups are made: SUPAMANAGER_BACKUPS is none",
                advice: "name a folder on another disk with SUPAMANAGER_BACKUPS")
        case .folder(let path): folder(of: path)
        case .s3(let bucket):
            ConsistencyFinding(
                "backups.store", .error, subject: "\(bucket)", found: "backups do not go into buckets yet",
                advice: "name a folder with SUPAMANAGER_BACKUPS")
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
}
