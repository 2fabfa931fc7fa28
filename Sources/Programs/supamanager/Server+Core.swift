import ComposeTemplates
import DockerEngine
import FunctionModel
import Identity
import LinuxHost
import Logging
import NetworkProbes
import Orchestrator
import PostgresKit
import PostgresStore
import ProjectKeys
import ProjectModel
import Reconciler
import SettingTables
import TokenKit

/// What decides about projects, and its ports.
extension Server {
    struct Core {
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

    func core(
        database: Database, installation: InstallationRow, master: MasterKey,
        renderers: [StackName: ComposeStackRenderer], docker: DockerContainerEngine, prober: NIOServiceProber,
        lease: ManagerLease, metrics: ManagerMetrics
    ) throws -> Core {
        let projects = settings.projectsFolder
        let store = PostgresProjectStore(pool: database.pool, metrics: metrics)
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
        let health = HealthLoop(prober: prober, engine: engine, metrics: metrics)
        let functionStore = PostgresFunctionStore(pool: database.pool)
        let publisher = FunctionPublisher(
            store: functionStore, folders: TemplateFunctionFolders(root: projects),
            place: Self.functionsPlace(store, templates), logger: logger)
        let redactors = Redactors()
        let loop = ReconcileLoop(
            store: PostgresProjectStore(pool: database.pool, under: lease, metrics: metrics), custody: custody,
            engine: engine,
            templates: templates, folders: TemplateProjectFolders(root: projects), minter: minter, broker: broker,
            survey: survey, health: health, functions: publisher,
            announcements: ProjectChannel(database.parameters), lease: lease, pulls: docker.pulls,
            redactors: redactors, metrics: metrics, logger: logger)
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
