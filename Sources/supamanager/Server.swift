import ComposeTemplates
import CurlKit
import DockerEngine
import FoundationEssentials
import LinuxHost
import Logging
import ManagementAPI
import NetworkProbes
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectKeys
import ProjectModel
import ServiceLifecycle
import TokenKit
import UnixSignals

/// The composition root of `serve`: makes everything once, in the order of dependence, and runs it.
struct Server {
    let settings: ServeSettings
    let logger: Logger

    init(settings: ServeSettings) {
        self.settings = settings
        LoggingSystem.bootstrap { label in StreamLogHandler.standardError(label: label) }
        var logger = Logger(label: "supamanager")
        logger.logLevel = settings.logLevel
        self.logger = logger
    }

    func run() async throws {
        let folder = try DataFolder(settings.dataFolder)
        let token = try settings.adminToken ?? folder.adminToken(logger)
        let database = try await Database.open(settings, logger: logger)
        do {
            try await serve(folder, token, database)
        } catch {
            await database.close(logger)
            throw error
        }
        await database.close(logger)
        logger.notice("stopped")
    }

    private func serve(_ folder: DataFolder, _ token: AccessToken, _ database: Database) async throws {
        let (installation, master) = try await installation(database)
        let template = try StackTemplate(folder: settings.templateFolder)
        let http = try HTTPClient()
        let engine = DockerContainerEngine(host: settings.dockerHost, http: http, installation: installation.id)
        let prober = NIOServiceProber()
        let core = core(database, installation, master, template, engine, prober)
        let store = core.store
        let server = ManagementAPIServer(
            api: ManagementAPI(
                catalog: core.catalog, verifier: BootstrapTokenVerifier(token),
                readiness: [
                    ReadinessCheck(name: "database") { try await store.ping() },
                    ReadinessCheck(name: "engine") { try await engine.ping() },
                ],
                configuration: try apiConfiguration(template)),
            address: settings.listen, limits: ServerLimits(), logger: logger,
            onListening: { port in
                logger.notice(
                    "listening",
                    metadata: [
                        "address": "\(settings.listen)", "port": "\(port)", "installation": "\(installation.id)",
                    ])
            })
        var services: [any Service] = [core.health, core.loop, server]
        if let cluster = database.cluster {
            services.insert(ClusterSupervision(cluster: cluster, logger: logger), at: 0)
        }
        // At debug level the group prints each service whole.
        var groupLogger = logger
        groupLogger.logLevel = max(logger.logLevel, .info)
        let group = ServiceGroup(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: groupLogger)
        do {
            try await group.run()
        } catch {
            await http.shutdown()
            throw error
        }
        await http.shutdown()
    }

    /// What answers say about the stack comes from the template.
    private func apiConfiguration(_ template: StackTemplate) throws -> ManagementAPIConfiguration {
        var configuration = ManagementAPIConfiguration(
            publicHost: settings.publicHost,
            database: DatabaseVersion(imageTag: try template.imageTag(of: "db") ?? "unknown"))
        let user = template.manifest.variables.first { $0.name == "DASHBOARD_USERNAME" }?.defaultValue
        if let user { configuration.dashboardUser = user }
        return configuration
    }

    /// The row that identifies this installation and the master key that belongs to it. The first start makes both;
    /// later a missing or wrong key ends the program, since a new one could open nothing.
    private func installation(_ database: Database) async throws -> (InstallationRow, MasterKey) {
        if let row = try await InstallationRow.load(from: database.pool) {
            let master = try MasterKey.load(path: settings.masterKeyFile, sealedDataExists: true)
            do {
                try master.verify(keyCheck: row.keyCheck, installation: row.id)
            } catch { throw ServeSettings.Problem(description: "\(settings.masterKeyFile): \(error)") }
            return (row, master)
        }
        let master = try MasterKey.load(path: settings.masterKeyFile, sealedDataExists: false)
        let id = Hex.encode(try RandomSource.bytes(6))
        let row = try await InstallationRow(id: id, keyCheck: master.keyCheck(installation: id)).store(
            in: database.pool)
        try master.verify(keyCheck: row.keyCheck, installation: row.id)
        logger.notice("this is a new installation", metadata: ["master_key": "\(settings.masterKeyFile)"])
        return (row, master)
    }

    private struct Core {
        let store: PostgresProjectStore
        let health: HealthLoop
        let loop: ReconcileLoop
        let catalog: ProjectCatalog
    }

    private func core(
        _ database: Database, _ installation: InstallationRow, _ master: MasterKey, _ template: StackTemplate,
        _ engine: DockerContainerEngine, _ prober: NIOServiceProber
    ) -> Core {
        let projects = settings.dataFolder + "/projects"
        let store = PostgresProjectStore(pool: database.pool)
        let survey = EngineSurvey(engine: engine)
        let broker = LeaseBroker(
            store: store, host: LinuxHostNetwork(), survey: survey, ports: settings.ports,
            subnets: settings.subnets, bindAddress: settings.bindAddress)
        let renderer = ComposeStackRenderer(
            template: template,
            settings: ComposeStackRenderer.Settings(
                bindAddress: settings.bindAddress, publicHost: settings.publicHost,
                imageRegistry: settings.imageRegistry, projectsFolder: projects))
        let minter = SealingKeyMinter(master: master, installation: installation.id)
        let health = HealthLoop(prober: prober, engine: engine)
        let loop = ReconcileLoop(
            store: store, engine: engine, renderer: renderer,
            folders: TemplateProjectFolders(template: template, root: projects), minter: minter, broker: broker,
            survey: survey, health: health, logger: logger)
        let catalog = ProjectCatalog(
            store: store, renderer: renderer, minter: minter, broker: broker, loop: loop)
        return Core(store: store, health: health, loop: loop, catalog: catalog)
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
