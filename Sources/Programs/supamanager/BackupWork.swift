import BackupModel
import BackupOperations
import DockerEngine
import FoundationEssentials
import Logging
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectKeys
import ReplicationArchive

/// Backups as this program has them: requests for every role, and the jobs of the active manager.
struct BackupWork {
    let requests: BackupCatalog
    let jobs: [JobDefinition]

    /// What it is made of.
    struct Parts {
        let pool: PostgresPool
        let catalog: ProjectCatalog
        let loop: ReconcileLoop
        let jobs: JobCatalog
        let lease: ManagerLease
        let docker: DockerContainerEngine
        let master: MasterKey
        let installation: String
    }

    /// - Parameter archive: Where backups go; nil makes none.
    init(_ parts: Parts, archive: (any BackupArchive)?, logger: Logger) {
        let requests = BackupCatalog(
            catalog: parts.catalog, custody: PostgresCustodyStore(pool: parts.pool),
            store: PostgresBackupStore(pool: parts.pool), jobs: parts.jobs, isOn: archive != nil)
        self.requests = requests
        guard let archive else {
            jobs = []
            return
        }
        let keys = MasterKeyBackupKeys(master: parts.master, installation: parts.installation)
        let ground = BackupGround(
            catalog: parts.catalog, addresses: parts.catalog,
            projects: PostgresProjectStore(pool: parts.pool, under: parts.lease),
            custody: PostgresCustodyStore(pool: parts.pool, under: parts.lease),
            backups: PostgresBackupStore(pool: parts.pool, under: parts.lease), requests: requests,
            units: PostgresUnitOfWork(pool: parts.pool), engine: FencedEngine(parts.docker, lease: parts.lease),
            files: parts.docker, archive: archive,
            keys: BackupKeyring(installation: parts.installation) { name throws(KeyError) in
                try keys.bytes(of: name)
            }, observer: parts.loop, logger: logger)
        jobs = [
            BackupWorker(ground).definition, RestoreWorker(ground).definition, VerificationWorker(ground).definition,
            BackupUpkeep(ground).definition,
        ]
    }
}

extension ServeSettings {
    /// The archive in the store of the settings; nil where no backups are made. The folder is made where it is missing,
    /// and closed to other users.
    func backupArchive() throws -> (any BackupArchive)? {
        guard let path = backupsFolder else { return nil }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Problem(description: "the folder of backups \(path) cannot be made (SUPAMANAGER_BACKUPS): \(error)")
        }
        return ReplicationArchive(store: FolderStore(path: path))
    }
}
