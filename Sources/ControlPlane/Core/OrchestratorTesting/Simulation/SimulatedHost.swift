public import Logging
public import Orchestrator
public import ProjectModel
import Reconciler
import SettingTables

/// A host with an engine, a database and a clock, all in memory, on which managers start and die.
public struct SimulatedHost: Sendable {
    /// Ports that projects get: inside of the usual range, both sides of the ephemeral one's end.
    public static let portRange = "54320-65535"
    /// Pool of subnets that projects get.
    public static let subnetPool = "10.201.0.0/16"

    /// The clock. It advances when no task can run.
    public let time: VirtualTime
    public let engine: FakeEngine
    /// The database.
    public let store: InMemoryProjectStore
    /// Receipts and volumes.
    public let custody: InMemoryCustodyStore
    /// The template that is on disk at the beginning.
    public let renderer: FakeRenderer
    /// The stacks that are on disk; a manager reads them when it starts.
    public let disk: StacksOnDisk
    /// The project folders.
    public let folders = FakeFolders()
    /// The host's network.
    public let network = FakeHostNetwork()
    /// The keys.
    public let minter = PlainKeyMinter()
    /// Where managers log to.
    public let logger: Logger

    /// Runs `body` on a new host. Tasks run one at a time in an order drawn from `seed`, time passes only when all of
    /// them wait: the same seed gives the same run, and no run really waits.
    public static func run<Value: Sendable>(
        seed: UInt64, template: [TemplateService] = SampleTemplates.small, names: TemplateNames = .sample,
        logger: Logger = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() },
        _ body: @Sendable (SimulatedHost) async throws -> Value
    ) async throws -> Value {
        let time = VirtualTime()
        let store = InMemoryProjectStore()
        let renderer = FakeRenderer(template, names: names)
        let host = SimulatedHost(
            time: time, engine: FakeEngine(time: time, seed: seed), store: store,
            custody: InMemoryCustodyStore(projects: store),
            renderer: renderer, disk: StacksOnDisk(renderer), logger: logger)
        host.engine.addImages(Set(template.map(\.image)))
        let executor = SimulationExecutor(seed: seed) { time.advanceToNextSleeper() }
        return try await withTaskExecutorPreference(executor) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await host.engine.run() }
                defer { group.cancelAll() }
                return try await body(host)
            }
        }
    }

    /// Runs a manager on the host for as long as `body` takes; then the process is killed.
    public func manage<Value: Sendable>(
        _ life: ManagerLife = ManagerLife(), _ body: @Sendable (SimulatedManager) async throws -> Value
    ) async throws -> Value {
        try await disk.library(in: store).storeInstalled()
        return try await manage(try SimulatedManager(on: self, life), body)
    }

    func manage<Value: Sendable>(
        _ manager: SimulatedManager, _ body: @Sendable (SimulatedManager) async throws -> Value
    ) async throws -> Value {
        let life = manager.life
        // Its end takes a detour over threads outside of the simulation, during which time must not run ahead.
        defer { time.setFrozen(false) }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await manager.health.runUntilCancelled() }
            group.addTask { await manager.loop.runUntilCancelled() }
            defer {
                life.die()
                time.setFrozen(true)
                group.cancelAll()
            }
            return try await body(manager)
        }
    }

    /// Waits until `condition` holds. False when it does not within `limit` of virtual time.
    public func wait(
        upTo limit: Duration = .seconds(300), until condition: @Sendable () async throws -> Bool
    ) async throws -> Bool {
        let end = time.steady + limit
        while time.steady < end {
            if try await condition() { return true }
            try await time.sleep(for: .milliseconds(20))
        }
        return try await condition()
    }

    /// Waits until a project has a status; returns its record at the end of the wait.
    @discardableResult
    public func wait(
        for status: ProjectStatus, of ref: ProjectRef, upTo limit: Duration = .seconds(300)
    ) async throws -> ProjectRecord? {
        _ = try await wait(upTo: limit) { try await store.project(ref)?.status == status }
        return try await store.project(ref)
    }
}

/// One manager process on a ``SimulatedHost``.
public struct SimulatedManager: Sendable {
    /// What requests go to.
    public let catalog: ProjectCatalog
    /// What it knows of ports and subnets in use.
    public let survey: EngineSurvey
    /// The loop that acts.
    public let loop: ReconcileLoop
    /// The loop that probes.
    public let health: HealthLoop
    public let life: ManagerLife

    /// A manager whose ports are those of the host, cut off when its life ends.
    init(on host: SimulatedHost, _ life: ManagerLife) throws {
        try self.init(
            on: host, life, engine: MortalEngine(engine: host.engine, life: life),
            store: MortalStore(store: host.store, life: life), prober: FakeProber(engine: host.engine),
            requests: host.store, drawRef: ProjectCatalog.randomRef)
    }

    /// A manager on other ports.
    ///
    /// - Parameter requests: The store that requests use: requests are always answered, only the loops die half-way.
    init(
        on host: SimulatedHost, _ life: ManagerLife, engine: any ContainerEngine, store: any ProjectStore,
        prober: any ServiceProber, requests: any ProjectStore, folders: (any ProjectFolders)? = nil,
        drawRef: @escaping @Sendable () -> ProjectRef, time: (any TimeSource)? = nil
    ) throws {
        let time = time ?? host.time
        guard let ports = PortRange(SimulatedHost.portRange), let pool = IPv4Network(SimulatedHost.subnetPool),
            let subnets = SubnetAllocator(pool: pool)
        else { throw HostError("the simulation's own ranges are wrong") }
        survey = EngineSurvey()
        let broker = LeaseBroker(
            store: store, host: host.network, survey: survey, ports: ports, subnets: subnets, bindAddress: "127.0.0.1")
        self.life = life
        let templates = host.disk.library(in: host.store)
        health = HealthLoop(prober: prober, engine: engine, time: time)
        loop = ReconcileLoop(
            store: store, custody: host.custody, engine: engine, templates: templates,
            folders: folders ?? host.folders,
            minter: host.minter,
            broker: broker, survey: survey, health: health, time: time, logger: host.logger)
        catalog = ProjectCatalog(
            store: requests, custody: host.custody, templates: templates, minter: host.minter, broker: broker,
            observer: loop, memory: PostgresMemory(), time: time, drawRef: drawRef)
    }

    /// Creates a project under a name.
    public func create(_ name: String = "demo", password: String? = nil) async throws -> ProjectRef {
        try await catalog.create(
            ProjectRequest(name: name, organizationSlug: "default", databasePassword: password.map { Secret($0) })
        ).ref
    }
}
