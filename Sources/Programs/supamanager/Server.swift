import APIKit
import Accounts
import BackupOperations
import Backups
import ComposeTemplates
import ConsistencyModel
import CurlKit
import Dashboard
import DeflateKit
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
import NotificationModel
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
        LoggingSystem.bootstrap { label in settings.logFormat.handler(label) }
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
        let metrics = ManagerMetrics()
        let http = try HTTPClient()
        // Logs that are followed have connections of their own: they must not keep the loops from the engine.
        let streams = try HTTPClient()
        // So have the projects' gateways, which answer as slowly as their owners like.
        let gateways = try HTTPClient(limits: ProjectGatewayLimits().client)
        // And the bucket of backups.
        let buckets = try HTTPClient()
        let lease = ManagerLease()
        let registries = RegistryLogins(
            store: PostgresRegistryLoginStore(pool: database.pool),
            sealer: MasterKeyRegistrySealer(master: master, installation: installation.id))
        let engine = DockerContainerEngine(
            host: settings.dockerHost, http: http, installation: installation.id,
            registries: ManagerRegistries(registries, then: RegistryHelper.credentials()),
            mayChange: { lease.token != nil }, metrics: metrics.engine)
        let prober = NIOServiceProber()
        let core = try core(
            database: database, installation: installation, master: master, renderers: renderers, docker: engine,
            prober: prober, lease: lease, metrics: metrics)
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
            archive: try settings.backupArchive(client: buckets), kind: settings.backupsKind, logger: logger)
        let alerts = try AlertWork(
            settings: settings, pool: database.pool, lease: core.lease, master: master, installation: installation.id,
            logger: logger)
        let disk = DiskReadiness(host: LinuxHostInspection(), folder: settings.dataFolder)
        let reach = ProjectReach(
            catalog: core.catalog, databases: PostgresProjectDatabase(),
            gateways: CurlProjectGateway(client: gateways), addresses: core.catalog)
        let poll = SharedPoll(every: SharedPoll.usualInterval) { [catalog = core.catalog] in
            var query = ProjectQuery()
            query.limit = 1
            return try await catalog.projects(query).edition?.text
        }
        let features = features(
            Ground(
                database: database, core: core, people: people, ledger: ledger, orphans: orphans,
                backups: backups.requests, channels: alerts.requests, registries: registries, reach: reach,
                logs: DockerContainerEngine(
                    host: settings.dockerHost, http: streams, installation: installation.id),
                metrics: ManagerMetricSources(
                    metrics: metrics, disk: disk, backups: PostgresBackupStore(pool: database.pool),
                    containers: ContainerFigures(engine: engine, groups: ControlGroups()), reach: reach,
                    withProjects: settings.hasProjectMetrics
                ).sources, poll: poll),
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
                    of: files, directory: people.directory, ledger: ledger, database: database, poll: poll),
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
        let managing = managing(database, core, runner: runner, alerts: alerts.loop, archiver: backups.archiver)
        var services: [any Service] = [core.health, managing, server]
        if let cluster = database.cluster {
            services.insert(ClusterSupervision(cluster: cluster, logger: logger), at: 0)
        }
        // Without a name of its own a service is named by all that it holds, keys and passwords included.
        let named = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(service: $0, serviceName: "\(type(of: $0))")
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: named, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        let result: Result<Void, any Error>
        do { result = .success(try await group.run()) } catch { result = .failure(error) }
        for client in [http, streams, gateways, buckets] { await client.shutdown() }
        await alerts.close()
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
        let channels: ChannelCatalog
        let registries: RegistryLogins
        let reach: ProjectReach
        /// The engine by connections of its own.
        let logs: DockerContainerEngine
        let metrics: MetricSources
        /// Whether any project has changed.
        let poll: SharedPoll
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
                process: processFigures(), metrics: ground.metrics, version: apiConfiguration.version, logger: logger),
            projects: ProjectsFeature(
                catalog: catalog, eventFeed: core.store, poll: ground.poll,
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
                notifications: PostgresNotificationStore(pool: ground.database.pool), channels: ground.channels),
            snippets: SnippetsFeature(
                catalog: catalog, content: PostgresContentStore(pool: ground.database.pool), time: time),
            usage: UsageFeature(
                catalog: catalog, reach: reach, history: PostgresUsageStore(pool: ground.database.pool), time: time),
            compatibility: SupabaseCompatibilityFeature(time: time))
    }

    private func dashboard(
        of files: DashboardFiles, directory: AccountDirectory, ledger: PostgresRequestLedger, database: Database,
        poll: SharedPoll
    ) throws -> DashboardFeature {
        let trail = SessionTrail(
            units: PostgresUnitOfWork(pool: database.pool), ledger: ledger, time: SystemTime())
        let stacks = StackFolders(path: settings.templatesFolder).names.map(\.text).filter { $0 != settings.stack.text }
        return try DashboardFeature(
            files: files, directory: directory, trail: trail,
            settings: DashboardSettings(
                publicURL: settings.publicURL, stacks: [settings.stack.text] + stacks.sorted()),
            poll: poll, digest: { Hex.encode(try Digest.sha256($0)) },
            compression: PageCompression(
                page: { try Gzip.compress($0) }, file: { try Gzip.compress($0, effort: .most) }))
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

    /// Holds the lease, and runs what belongs to each role: jobs and copies of logs are the active manager's alone.
    private func managing(
        _ database: Database, _ core: Core, runner: JobRunner, alerts: AlertLoop, archiver: LogArchiver?
    ) -> LeaseLoop {
        LeaseLoop(store: database.leases, lease: core.lease, manager: core.manager, logger: logger) { role in
            await withDiscardingTaskGroup { group in
                group.addTask { await core.loop.runUntilCancelled(as: role) }
                guard role == .active else { return }
                group.addTask { await runner.runUntilCancelled() }
                group.addTask { await alerts.runUntilCancelled() }
                if let archiver { group.addTask { await archiver.runUntilCancelled() } }
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
}
