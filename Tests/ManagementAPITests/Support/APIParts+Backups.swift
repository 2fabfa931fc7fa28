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
            jobs: JobCatalog(store: jobStore, signal: JobSignal()), isOn: true)
    }

    /// What runs the jobs of backups, as the active manager does.
    func backupRunner(archive: any BackupArchive, files: any ContainerFiles) throws -> JobRunner {
        let lease = ManagerLease()
        lease.set(.active(FencingToken(1), until: .seconds(1_000_000_000)))
        let log = Logger(label: "backups") { _ in SwiftLogNoOpLogHandler() }
        let ground = BackupGround(
            catalog: catalog, addresses: StandInAddresses(), projects: store, custody: custody, backups: backupStore,
            requests: backupRequests(), units: InMemoryUnitOfWork([store, custody, jobStore, backupStore]),
            engine: engine, files: files, archive: archive,
            keys: BackupKeyring(installation: "test") { _ in [UInt8](repeating: 7, count: 32) }, observer: loop,
            logger: log)
        var limits = JobLimits()
        limits.pollInterval = .milliseconds(50)
        return try JobRunner(
            store: jobStore,
            definitions: [
                BackupWorker(ground).definition, RestoreWorker(ground).definition,
                VerificationWorker(ground).definition,
            ], lease: lease, manager: "test", signal: JobSignal(), limits: limits, logger: log)
    }
}
