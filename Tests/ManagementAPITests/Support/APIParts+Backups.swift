import BackupModel
import BackupOperations
import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel

extension APIParts {
    /// The requests about backups.
    func backupRequests() -> BackupCatalog {
        BackupCatalog(
            catalog: catalog, custody: custody, store: backupStore,
            jobs: JobCatalog(store: jobStore, signal: JobSignal()), storeKind: .folder)
    }

    /// What the jobs of backups work with.
    func backupGround(
        archive: any BackupArchive, files: any ContainerFiles, freeBytes: Int64? = nil
    ) -> BackupGround {
        BackupGround(
            catalog: catalog, addresses: StandInAddresses(), projects: store, custody: custody, backups: backupStore,
            requests: backupRequests(), units: InMemoryUnitOfWork([store, custody, jobStore, backupStore]),
            engine: engine, files: files, archive: archive,
            keys: BackupKeyring(installation: "test") { _ in [UInt8](repeating: 7, count: 32) }, observer: loop,
            room: EngineRoom { freeBytes }, logger: Self.backupLog)
    }

    private static let backupLog = Logger(label: "backups") { _ in SwiftLogNoOpLogHandler() }

    /// What runs the jobs of backups, as the active manager does.
    func backupRunner(_ ground: BackupGround) throws -> JobRunner {
        let lease = ManagerLease()
        lease.set(.active(FencingToken(1), until: .seconds(1_000_000_000)))
        var limits = JobLimits()
        limits.pollInterval = .milliseconds(50)
        return try JobRunner(
            store: jobStore,
            definitions: [
                BackupWorker(ground).definition, RestoreWorker(ground).definition,
                VerificationWorker(ground).definition,
            ], lease: lease, manager: "test", signal: JobSignal(), limits: limits,
            logger: Self.backupLog)
    }
}
