import APIKit
public import Identity
public import Orchestrator

/// The dependencies of the API: the core's catalogues and the ports that handlers call directly.
public struct Backend: Sendable {
    /// Checks the whole installation once; it never fails, since what cannot be read is a finding too.
    public typealias ConsistencyCheck = @Sendable () async -> ConsistencyReport

    /// Projects.
    public var catalog: ProjectCatalog
    /// Histories of projects, in order.
    public var eventFeed: any ProjectEventFeed
    /// Logs of services as they are written.
    public var logFollower: ServiceLogFollower
    /// Accounts, organizations, members and tokens.
    public var directory: AccountDirectory
    /// Seals access tokens for the command line's sign-in.
    public var deviceLoginCrypto: any DeviceLoginCrypto
    /// Edge Functions.
    public var functions: FunctionCatalog
    /// Snippets and reports.
    public var content: any ContentStore
    /// Notifications.
    public var notifications: any NotificationStore
    /// Objects on the engine that belong to no project.
    public var orphans: OrphanReconciler
    /// The jobs that the manager runs.
    public var jobs: JobCatalog
    /// Logins at registries of images.
    public var registries: RegistryLogins
    /// Databases of projects.
    public var databases: any ProjectDatabase
    /// Gateways of projects.
    public var gateways: any ProjectGateway
    /// Where these are; the catalogue knows unless something else is set.
    public var addresses: any ServiceAddresses
    /// Makes a request one transaction.
    public var units: any UnitOfWork
    /// Audit trails and answers of repeated requests.
    public var ledger: any RequestLedger
    /// Seals stored answers.
    public var sealer: any AnswerSealer
    /// Compares records, engine and host.
    public var consistency: ConsistencyCheck
    /// The clock.
    public var time: any TimeSource
    /// Metrics of the manager's process; nil where the host has none.
    public var process: @Sendable () -> ProcessFigures? = { nil }

    /// A backend from its parts.
    public init(
        catalog: ProjectCatalog, eventFeed: any ProjectEventFeed, logFollower: ServiceLogFollower,
        directory: AccountDirectory, deviceLoginCrypto: any DeviceLoginCrypto,
        functions: FunctionCatalog, content: any ContentStore, notifications: any NotificationStore,
        orphans: OrphanReconciler, jobs: JobCatalog, registries: RegistryLogins,
        databases: any ProjectDatabase, gateways: any ProjectGateway, units: any UnitOfWork, ledger: any RequestLedger,
        sealer: any AnswerSealer,
        consistency: @escaping ConsistencyCheck, time: any TimeSource = SystemTime()
    ) {
        self.catalog = catalog
        self.eventFeed = eventFeed
        self.logFollower = logFollower
        self.directory = directory
        self.deviceLoginCrypto = deviceLoginCrypto
        self.functions = functions
        self.content = content
        self.notifications = notifications
        self.orphans = orphans
        self.jobs = jobs
        self.registries = registries
        self.databases = databases
        self.gateways = gateways
        addresses = catalog
        self.units = units
        self.ledger = ledger
        self.sealer = sealer
        self.consistency = consistency
        self.time = time
    }
}
