import APIKit
import Accounts
import BackupOperations
import Backups
import ComposeTemplates
import ConsistencyModel
import CurlKit
import Dashboard
import DockerEngine
import EdgeFunctions
import EmbeddedPostgres
import FeatureKit
import FoundationEssentials
import FunctionModel
import Identity
import Installation
import LinuxHost
import LogKit
import Logging
import ManagementAPI
import ManagementClient
import NetworkProbes
import Notifications
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectAccess
import ProjectData
import ProjectKeys
import ProjectModel
import Projects
import ServiceLifecycle
import SettingTables
import Snippets
import SupabaseCompatibility
import TokenKit
import UnixSignals
import Usage

/// The composition root of `serve`: makes everything once, in the order of dependence, and runs it.
struct Server {
    let settings: ServeSettings
    let logger: Logger

    /// Warnings about the start.
    let warnings: [String]

    init(settings: ServeSettings, warnings: [String] = []) {
        self.settings = settings
        self.warnings = warnings
        LoggingSystem.bootstrap { label in StreamLogHandler(label: label, stream: LogStream()) }
        var logger = Logger(label: "supamanager")
        logger.logLevel = settings.logLevel
        self.logger = logger
    }

    func run() async throws {
        for warning in warnings { logger.warning("\(warning)") }
        // Before the first secret is read.
        if !CoreDumps.forbid() { logger.warning("core dumps cannot be forbidden: they would hold the master key") }
        let renderers = try StackFolders(path: settings.templatesFolder)
            .renderers(settings.rendering, requiring: settings.stack)
        let folder = try DataFolder(settings.dataFolder)
        try ManagerRestore.checkFinished(in: settings.dataFolder)
        let token = try settings.adminToken ?? folder.adminToken(logger)
        let database = try await Database.open(settings, logger: logger)
        do {
            try await serve(renderers: renderers, folder: folder, token: token, database: database)
        } catch {
            await database.close(logger)
            throw error
        }
        await database.close(logger)
        logger.notice("stopped")
    }

    private func serve(
        renderers: [StackName: ComposeStackRenderer], folder: DataFolder, token: AccessToken,
        database: Database
    ) async throws {
        let (installation, master) = try await Installation.open(settings: settings, database: database, logger: logger)
        try folder.note(installation: installation.id)
        try await settings.applyNetworkRules(installation: installation.id, logger)
        let http = try HTTPClient()
        // Logs that are followed have connections of their own: they must not keep the loops from the engine.
        let streams = try HTTPClient()
        // So have the projects' gateways, which answer as slowly as their owners like.
        let gateways = try HTTPClient(limits: ProjectGatewayLimits().client)
        let lease = ManagerLease()
        let registries = RegistryLogins(
            store: PostgresRegistryLoginStore(pool: database.pool),
            sealer: MasterKeyRegistrySealer(master: master, installation: installation.id))
        let engine = DockerContainerEngine(
            host: settings.dockerHost, http: http, installation: installation.id,
            registries: ManagerRegistries(registries, then: RegistryHelper.credentials()),
            mayChange: { lease.token != nil })
        let prober = NIOServiceProber()
        let core = try core(
            database: database, installation: installation, master: master, renderers: renderers, docker: engine,
            prober: prober, lease: lease)
        try await core.templates.storeInstalled()
        let store = core.store
        let files = try DashboardFiles(folder: settings.dashboardFolder)
        let people = try await People(
            settings: settings, database: database, master: master, installation: installation.id, token: token)
        let sealer = StoredAnswerSealer(master: master, installation: installation.id)
        let ledger = PostgresRequestLedger(
            pool: database.pool, signer: MasterKeyAuditSigner(master: master, installation: installation.id),
            digester: MasterKeyPayloadDigester(master: master, installation: installation.id))
        try await ledger.keyDigests()
        let inspector = try inspector(ledger: ledger, core: core, installation: installation, engine: engine)
        let orphans = OrphanReconciler(
            store: PostgresOrphanStore(pool: database.pool), engine: engine, policy: settings.orphans,
            lease: core.lease, jobs: core.jobs, logger: logger)
        let backups = BackupWork(
            BackupWork.Parts(
                pool: database.pool, catalog: core.catalog, loop: core.loop, jobs: core.jobs, lease: core.lease,
                docker: engine, master: master, installation: installation.id),
            archive: try settings.backupArchive(), logger: logger)
        let disk = DiskReadiness(host: LinuxHostInspection(), folder: settings.dataFolder)
        let reach = ProjectReach(
            catalog: core.catalog, databases: PostgresProjectDatabase(),
            gateways: CurlProjectGateway(client: gateways), addresses: core.catalog)
        let features = features(
            Ground(
                database: database, core: core, people: people, ledger: ledger, orphans: orphans,
                backups: backups.requests, registries: registries, reach: reach,
                logs: DockerContainerEngine(
                    host: settings.dockerHost, http: streams, installation: installation.id)),
            inspector: inspector,
            readiness: [
                ReadinessCheck(name: "database") { try await store.ping() },
                ReadinessCheck(name: "engine") { try await engine.ping() },
                disk.check,
            ])
        let server = APIServer(
            api: ManagementAPI(
                features: features, projects: core.catalog,
                mutations: MutationRunner(
                    units: PostgresUnitOfWork(pool: database.pool),
                    verifier: DirectoryTokenVerifier(directory: people.directory), ledger: ledger, sealer: sealer,
                    time: SystemTime(), freeBytes: { disk.freeBytes }),
                dashboard: try dashboard(
                    of: files, directory: people.directory, ledger: ledger, database: database, catalog: core.catalog),
                configuration: apiConfiguration
            ).pipeline,
            address: settings.listen, limits: ServerLimits(), logger: logger,
            onListening: { port in
                logger.notice(
                    "listening",
                    metadata: [
                        "address": "\(settings.listen)", "port": "\(port)", "installation": "\(installation.id)",
                    ])
            })
        let usage = UsageJobs(
            store: PostgresUsageStore(pool: database.pool),
            meter: ContainerFigures(engine: engine, groups: ControlGroups()), reach: reach, time: SystemTime())
        let runner = try runner(
            database: database, core: core, people: people, ledger: ledger,
            others: [orphans.job] + backups.jobs + usage.definitions)
        var services: [any Service] = [core.health, managing(database: database, core: core, runner: runner), server]
        if let cluster = database.cluster {
            services.insert(ClusterSupervision(cluster: cluster, logger: logger), at: 0)
        }
        // At debug level the group prints each service whole.
        var groupLogger = logger
        groupLogger.logLevel = max(logger.logLevel, .info)
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger)
        let result: Result<Void, any Error>
        do { result = .success(try await group.run()) } catch { result = .failure(error) }
        for client in [http, streams, gateways] { await client.shutdown() }
        try result.get()
    }

    /// What the features of the API stand on.
    private struct Ground {
        let database: Database
        let core: Core
        let people: People
        let ledger: PostgresRequestLedger
        let orphans: OrphanReconciler
        let backups: BackupCatalog
        let registries: RegistryLogins
        let reach: ProjectReach
        /// The engine by connections of its own.
        let logs: DockerContainerEngine
    }

    private func features(
        _ ground: Ground, inspector: ConsistencyInspector, readiness: [ReadinessCheck]
    ) -> ManagementFeatures {
        let (core, people, time) = (ground.core, ground.people, SystemTime())
        let (catalog, reach) = (core.catalog, ground.reach)
        return ManagementFeatures(
            installation: InstallationFeature(
                catalog: catalog, orphans: ground.orphans, jobs: core.jobs, registries: ground.registries,
                consistency: { await inspector.check() }, readiness: readiness, role: { core.lease.role },
                process: processFigures(), version: apiConfiguration.version, logger: logger),
            projects: ProjectsFeature(
                catalog: catalog, eventFeed: core.store,
                logFollower: ServiceLogFollower(catalog: catalog, engine: ground.logs, logs: ground.logs), time: time,
                publicHost: apiConfiguration.publicHost),
            accounts: AccountsFeature(
                catalog: catalog, directory: people.directory, deviceLoginCrypto: ECDHDeviceLogin(),
                units: PostgresUnitOfWork(pool: ground.database.pool), ledger: ground.ledger, time: time,
                version: apiConfiguration.version),
            backups: BackupsFeature(backups: ground.backups),
            data: ProjectDataFeature(
                catalog: catalog, reach: reach, importer: PostgresDatabaseImporter(), time: time),
            functions: EdgeFunctionsFeature(catalog: catalog, functions: core.functions),
            notifications: NotificationsFeature(
                notifications: PostgresNotificationStore(pool: ground.database.pool)),
            snippets: SnippetsFeature(
                catalog: catalog, content: PostgresContentStore(pool: ground.database.pool), time: time),
            usage: UsageFeature(
                catalog: catalog, reach: reach, history: PostgresUsageStore(pool: ground.database.pool), time: time),
            compatibility: SupabaseCompatibilityFeature(time: time))
    }

    private func dashboard(
        of files: DashboardFiles, directory: AccountDirectory, ledger: PostgresRequestLedger, database: Database,
        catalog: ProjectCatalog
    ) throws -> DashboardFeature {
        let trail = SessionTrail(
            units: PostgresUnitOfWork(pool: database.pool), ledger: ledger, time: SystemTime())
        let stacks = StackFolders(path: settings.templatesFolder).names.map(\.text).filter { $0 != settings.stack.text }
        return try DashboardFeature(
            files: files, directory: directory, trail: trail,
            settings: DashboardSettings(
                publicURL: settings.publicURL, stacks: [settings.stack.text] + stacks.sorted()),
            generation: {
                var query = ProjectQuery()
                query.limit = 1
                return try await catalog.projects(query).edition?.text
            }, digest: { Hex.encode(try Digest.sha256($0)) })
    }

    private func processFigures() -> @Sendable () -> ProcessFigures? {
        let startedAt = Double(SystemTime().now().milliseconds) / 1_000
        return { [logger] in
            do throws(HostError) {
                let figures = try LinuxProcess().figures()
                return ProcessFigures(
                    cpuSeconds: figures.cpuSeconds, residentBytes: figures.residentBytes,
                    openDescriptors: figures.openDescriptors, startedAt: startedAt)
            } catch {
                logger.warning("figures of the process are missing", metadata: ["reason": "\(error)"])
                return nil
            }
        }
    }

    private func inspector(
        ledger: PostgresRequestLedger, core: Core, installation: InstallationRow, engine: DockerContainerEngine
    ) throws -> ConsistencyInspector {
        ConsistencyInspector(
            ConsistencyInspector.Sources(
                store: core.store, records: core.store, ledger: ledger, minter: core.minter,
                engine: engine, inspection: engine, network: LinuxHostNetwork(),
                host: LinuxHostInspection(),
                checkTrail: { entries, end in AuditTrailCheck.damage(in: entries, end: end) },
                checkNetworkRules: settings.networkRulesCheck(installation: installation.id)),
            settings: settings.consistency, dataFolder: settings.dataFolder, bindAddress: settings.bindAddress,
            images: try core.renderers.mapValues { try $0.images() }, defaultStack: settings.stack)
    }

    private var apiConfiguration: ManagementAPIConfiguration {
        var configuration = ManagementAPIConfiguration(publicHost: settings.publicHost.text)
        configuration.cors = settings.cors
        configuration.trustedProxies = settings.trustedProxies
        configuration.requestsPerMinute = settings.requestsPerMinute
        configuration.version = Version.text
        return configuration
    }

    private struct Core {
        let store: PostgresProjectStore
        let health: HealthLoop
        let lease: ManagerLease
        let loop: ReconcileLoop
        let manager: ManagerIdentity
        let jobs: JobCatalog
        let jobSignal: JobSignal
        let catalog: ProjectCatalog
        let functions: FunctionCatalog
        let minter: SealingKeyMinter
        /// Renderers of the installed stacks.
        let renderers: [StackName: ComposeStackRenderer]
        let templates: TemplateLibrary
    }

    private func core(
        database: Database, installation: InstallationRow, master: MasterKey,
        renderers: [StackName: ComposeStackRenderer], docker: DockerContainerEngine, prober: NIOServiceProber,
        lease: ManagerLease
    ) throws -> Core {
        let projects = settings.projectsFolder
        let store = PostgresProjectStore(pool: database.pool)
        let engine = FencedEngine(docker, lease: lease)
        let custody = PostgresCustodyStore(pool: database.pool, under: lease)
        let survey = EngineSurvey()
        let broker = LeaseBroker(
            store: store, host: RecentHostNetwork(LinuxHostNetwork()), survey: survey, ports: settings.ports,
            subnets: settings.subnets, bindAddress: settings.bindAddress, draw: LeaseBroker.anywhere)
        let templates = TemplateLibrary(
            installed: renderers.mapValues(\.installed), defaultStack: settings.stack,
            store: PostgresTemplateStore(pool: database.pool),
            reader: ComposeTemplateReader(settings: settings.rendering))
        let minter = SealingKeyMinter(master: master, installation: installation.id)
        let health = HealthLoop(prober: prober, engine: engine)
        let functionStore = PostgresFunctionStore(pool: database.pool)
        let publisher = FunctionPublisher(
            store: functionStore, folders: TemplateFunctionFolders(root: projects),
            place: Self.functionsPlace(store, templates), logger: logger)
        let redactors = Redactors()
        let loop = ReconcileLoop(
            store: PostgresProjectStore(pool: database.pool, under: lease), custody: custody, engine: engine,
            templates: templates, folders: TemplateProjectFolders(root: projects), minter: minter, broker: broker,
            survey: survey, health: health, functions: publisher,
            announcements: ProjectChannel(database.parameters), lease: lease, pulls: docker.pulls,
            redactors: redactors, logger: logger)
        let jobSignal = JobSignal()
        let catalog = ProjectCatalog(
            store: store, custody: PostgresCustodyStore(pool: database.pool), templates: templates,
            minter: minter, broker: broker, observer: loop, memory: PostgresMemory(),
            organizationLimit: settings.projectsPerOrganization, redactors: redactors)
        let functions = FunctionCatalog(store: functionStore, publisher: publisher, digest: Self.digest)
        return Core(
            store: store, health: health, lease: lease, loop: loop,
            manager: ManagerIdentity(
                id: Hex.encode(try RandomSource.bytes(8)), address: settings.publicURL, projectsFolder: projects),
            jobs: JobCatalog(store: PostgresJobStore(pool: database.pool), signal: jobSignal), jobSignal: jobSignal,
            catalog: catalog, functions: functions, minter: minter, renderers: renderers, templates: templates)
    }

    /// Holds the lease, and runs what belongs to each role: jobs are the active manager's alone.
    private func managing(database: Database, core: Core, runner: JobRunner) -> LeaseLoop {
        LeaseLoop(store: database.leases, lease: core.lease, manager: core.manager, logger: logger) { role in
            await withDiscardingTaskGroup { group in
                group.addTask { await core.loop.runUntilCancelled(as: role) }
                if role == .active { group.addTask { await runner.runUntilCancelled() } }
            }
        }
    }

    private func runner(
        database: Database, core: Core, people: People, ledger: PostgresRequestLedger,
        others: [JobDefinition]
    ) throws -> JobRunner {
        let store = PostgresJobStore(pool: database.pool)
        let housekeeping = Housekeeping(
            directory: people.directory, ledger: ledger,
            custody: PostgresCustodyStore(pool: database.pool, under: core.lease), jobs: store, time: SystemTime(),
            logger: logger)
        return try JobRunner(
            store: store, definitions: housekeeping.definitions + others, lease: core.lease,
            manager: core.manager.id, signal: core.jobSignal, logger: logger)
    }

    /// Where functions lie in a project's folder, as its stack says.
    private static func functionsPlace(
        _ store: PostgresProjectStore, _ templates: TemplateLibrary
    ) -> FunctionPublisher.Place {
        { ref throws(FunctionError) in
            let record: ProjectRecord?
            do throws(StoreError) { record = try await store.project(ref) } catch { throw .store(error) }
            guard let record else { return nil }
            do throws(CatalogError) { return try await templates.roles(for: record.inForce).functionsFolder } catch {
                throw .folder("\(error)")
            }
        }
    }

    /// SHA-256 of a function's files, in hex.
    private static let digest: FunctionRules.DigestFunction = { bytes throws(FunctionError) in
        do throws(TokenError) { return Hex.encode(try Digest.sha256(bytes)) } catch { throw .folder("\(error)") }
    }
}

/// Restarts the private PostgreSQL when it dies.
struct ClusterSupervision: Service {
    let cluster: EmbeddedCluster
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await cluster.supervise { event in
                logger.warning("the private PostgreSQL", metadata: ["event": "\(event)"])
            }
        }
    }
}
