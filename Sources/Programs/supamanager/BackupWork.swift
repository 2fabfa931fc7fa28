import BackupModel
import BackupOperations
import DockerEngine
import FoundationEssentials
import LinuxHost
import Logging
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectKeys

/// Backups as this program has them: requests for every role, and the jobs of the active manager.
struct BackupWork {
    let requests: BackupCatalog
    let jobs: [JobDefinition]
    /// Copies logs, in the term of the active manager; nil where no backups are made.
    let archiver: LogArchiver?

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

    /// - Parameters:
    ///   - archive: Where backups go; nil makes none.
    ///   - kind: What the archive's store is.
    init(_ parts: Parts, archive: (any BackupArchive)?, kind: BackupStoreKind?, logger: Logger) {
        let requests = BackupCatalog(
            catalog: parts.catalog, custody: PostgresCustodyStore(pool: parts.pool),
            store: PostgresBackupStore(pool: parts.pool), jobs: parts.jobs, storeKind: archive == nil ? nil : kind)
        self.requests = requests
        guard let archive else {
            (jobs, archiver) = ([], nil)
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
            }, observer: parts.loop, room: Self.room(of: parts.docker), logger: logger)
        archiver = LogArchiver(ground)
        jobs = [
            BackupWorker(ground).definition, RestoreWorker(ground).definition, VerificationWorker(ground).definition,
            BackupUpkeep(ground).definition,
        ]
    }

    /// The room on the engine's disk, where its folder is one of this machine.
    private static func room(of docker: DockerContainerEngine) -> EngineRoom {
        EngineRoom {
            do {
                let root = try await docker.rootFolder()
                guard !root.isEmpty, FileManager.default.fileExists(atPath: root) else { return nil }
                return Int64(clamping: try LinuxHostInspection().diskSpace(under: root).freeBytes)
            } catch { return nil }
        }
    }
}
