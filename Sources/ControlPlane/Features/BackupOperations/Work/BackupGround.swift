public import BackupModel
public import Logging
public import Orchestrator
import ProjectModel

/// What the jobs of backups work with.
public struct BackupGround: Sendable {
    let catalog: ProjectCatalog
    let addresses: any ServiceAddresses
    let projects: any ProjectStore
    let custody: any CustodyStore
    let backups: any BackupStore
    let requests: BackupCatalog
    let units: any UnitOfWork
    let engine: any ContainerEngine
    let files: any ContainerFiles
    let archive: any BackupArchive
    let keys: BackupKeyring
    let observer: any ProjectObserver
    let room: EngineRoom
    let time: any TimeSource
    let logger: Logger

    /// - Parameters:
    ///   - projects: The store under the manager's lease.
    ///   - custody: The same.
    ///   - engine: The engine as the loops see it, under the lease.
    public init(
        catalog: ProjectCatalog, addresses: any ServiceAddresses, projects: any ProjectStore,
        custody: any CustodyStore, backups: any BackupStore, requests: BackupCatalog, units: any UnitOfWork,
        engine: any ContainerEngine, files: any ContainerFiles, archive: any BackupArchive, keys: BackupKeyring,
        observer: any ProjectObserver, room: EngineRoom, time: any TimeSource = SystemTime(), logger: Logger
    ) {
        self.catalog = catalog
        self.addresses = addresses
        self.projects = projects
        self.custody = custody
        self.backups = backups
        self.requests = requests
        self.units = units
        self.engine = engine
        self.files = files
        self.archive = archive
        self.keys = keys
        self.observer = observer
        self.room = room
        self.time = time
        self.logger = logger
    }

    /// Where a project's archive is, which is made where there is none, and its key.
    func access(of ref: ProjectRef) async throws -> ArchiveAccess {
        let draft = String(RandomIdentifier.uuid().filter { $0 != "-" })
        return try keys.access(to: try await backups.archive(of: ref, drafting: draft))
    }

    /// Where a project's database answers, and who reads it.
    func source(of database: DatabaseInUse) async throws -> ReplicationSource {
        guard let address = await addresses.address(behind: database.port, of: database.record) else {
            throw BackupError.source("the database of project \(database.record.ref) does not run at the moment")
        }
        let password = try await catalog.databasePassword(of: database.record)
        return ReplicationSource(
            host: "\(address.host)", port: Int(address.port), user: database.access.role,
            password: password.reveal(), database: database.roles.database)
    }

    /// Throws unless the engine's disk has room for what a plan makes, and some more.
    func requireRoom(for plan: RestorePlan, in access: ArchiveAccess) async throws {
        guard let free = await room.freeBytes() else { return }
        let bytes: Int64
        do { bytes = try await archive.bytes(of: plan, in: access) } catch BackupError.damaged {
            // What is damaged can be tried: how far it gets is found out there.
            return
        }
        if let refusal = EngineRoom.refusal(bytes: bytes, free: free) { throw JobFailure(refusal) }
    }

    /// Writes into the history of a project.
    func note(_ kind: ProjectEventKind, _ cause: String, of ref: ProjectRef, failure: String? = nil) async throws {
        guard let record = try await projects.project(ref), record.status != .deleted else { return }
        var facts = EventFacts()
        facts.failure = failure.map { ProjectFailure(message: $0) }
        let event = ProjectEvent(at: time.now(), status: record.status, cause: cause, kind: kind, facts: facts)
        try await projects.note([event], of: ref)
    }
}
