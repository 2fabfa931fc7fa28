import Accounts
import BackupModel
import BackupOperations
import Backups
import Dashboard
import DeflateKit
import EdgeFunctions
import Foundation
import FunctionModel
import Identity
import Installation
import Logging
import NotificationModel
import Notifications
import Orchestrator
import OrchestratorTesting
import ProjectData
import ProjectModel
import Projects
import Reconciler
import SettingTables
import Snippets
import SupabaseCompatibility
import Testing
import Usage

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// What the API of a test stands on.
struct APIParts: Sendable {
    let store: InMemoryProjectStore
    let custody: InMemoryCustodyStore
    let engine: FakeEngine
    let orphanStore: InMemoryOrphanStore
    let jobStore = InMemoryJobStore()
    let backupStore = InMemoryBackupStore()
    let loop: ReconcileLoop
    let health: HealthLoop
    let catalog: ProjectCatalog
    let ledger: InMemoryRequestLedger
    let identities: InMemoryIdentityStore
    let directory: AccountDirectory
    let crypto: PlainIdentityCrypto
    let functionStore: InMemoryFunctionStore
    let containerLogs = FakeContainerLogs()
    let registryStore = InMemoryRegistryLoginStore()
    let content: InMemoryContentStore
    let notifications: InMemoryNotificationStore
    let databases = FakeProjectDatabase()
    let importer = FakeDatabaseImporter()
    let gateways = FakeProjectGateway()
    let usage = InMemoryUsageStore()
    let channels = InMemoryChannelStore()

    /// Edge Functions. Digests are counted together, not computed: no double knows cryptography.
    private var functions: FunctionCatalog {
        let publisher = FunctionPublisher(
            store: functionStore, folders: NoFunctionFolders(), place: { _ in "functions" },
            logger: Logger(label: "functions"))
        return FunctionCatalog(
            store: functionStore, publisher: publisher,
            digest: { bytes throws(FunctionError) in Self.countedDigest(bytes) })
    }

    private static func countedDigest(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return digits + String(repeating: "0", count: 64 - digits.count)
    }

    func api(
        verifier: any AccessTokenVerifier, readiness: [ReadinessCheck], _ configuration: ManagementAPIConfiguration,
        standInAddresses: Bool = true, freeBytes: @escaping @Sendable () -> UInt64? = { nil },
        metrics: MetricSources = MetricSources(), logger: Logger
    ) -> ManagementAPI {
        let units = InMemoryUnitOfWork([
            store, custody, ledger, identities, functionStore, orphanStore, jobStore, registryStore,
            backupStore, channels,
        ])
        return ManagementAPI(
            features: features(
                readiness, configuration, units: units, standInAddresses: standInAddresses, metrics: metrics,
                logger: logger),
            projects: catalog,
            mutations: MutationRunner(
                units: units, verifier: verifier, ledger: ledger, sealer: PlainSealer(), time: SystemTime(),
                freeBytes: freeBytes),
            dashboard: dashboard(units: units, publicURL: "http://\(configuration.publicHost)"),
            configuration: configuration)
    }

    /// The dashboard's files in the repository: read, named and compressed once for all tests.
    private struct SharedDashboard {
        let files: DashboardFiles
        let digests: [[UInt8]: String]
        let compressed: [[UInt8]: [UInt8]]

        init(folder: String) throws {
            files = try DashboardFiles(folder: folder)
            let contents = Set(files.assets.values)
            digests = Dictionary(uniqueKeysWithValues: contents.map { ($0, APIParts.countedDigest($0)) })
            compressed = try Dictionary(
                uniqueKeysWithValues: contents.map { ($0, try Gzip.compress($0, effort: .most)) })
        }
    }

    private static let sharedDashboard = Result {
        try SharedDashboard(folder: #filePath.split(separator: "/Tests/")[0] + "/Dashboard")
    }

    private var poll: SharedPoll {
        SharedPoll(every: .milliseconds(10)) { [catalog] in
            var query = ProjectQuery()
            query.limit = 1
            return try await catalog.projects(query).edition?.text
        }
    }

    /// The dashboard with the files of the repository.
    private func dashboard(units: any UnitOfWork, publicURL: String) -> DashboardFeature? {
        do {
            let shared = try Self.sharedDashboard.get()
            return try DashboardFeature(
                files: shared.files, directory: directory,
                trail: SessionTrail(units: units, ledger: ledger, time: SystemTime()),
                settings: DashboardSettings(publicURL: publicURL, stacks: ["lite", "supabase"]),
                poll: poll, digest: { shared.digests[$0] ?? Self.countedDigest($0) },
                compression: PageCompression(
                    page: { try Gzip.compress($0) },
                    file: { try shared.compressed[$0] ?? Gzip.compress($0, effort: .most) }))
        } catch {
            Issue.record("the dashboard's files cannot be used: \(error)")
            return nil
        }
    }

    private func features(
        _ readiness: [ReadinessCheck], _ configuration: ManagementAPIConfiguration, units: any UnitOfWork,
        standInAddresses: Bool, metrics: MetricSources, logger: Logger
    ) -> ManagementFeatures {
        let (jobs, time) = (JobCatalog(store: jobStore, signal: JobSignal()), SystemTime())
        let reach = ProjectReach(
            catalog: catalog, databases: databases, gateways: gateways,
            addresses: standInAddresses ? StandInAddresses() : catalog)
        return ManagementFeatures(
            installation: InstallationFeature(
                catalog: catalog,
                orphans: OrphanReconciler(
                    store: orphanStore, engine: engine, jobs: jobs,
                    logger: Logger(label: "orphans") { _ in SwiftLogNoOpLogHandler() }),
                jobs: jobs,
                registries: RegistryLogins(store: registryStore, sealer: PlainRegistryPasswordSealer()),
                consistency: { .sample }, readiness: readiness, metrics: metrics,
                version: configuration.version, logger: logger),
            projects: ProjectsFeature(
                catalog: catalog, eventFeed: store, poll: poll,
                logFollower: ServiceLogFollower(catalog: catalog, engine: engine, logs: containerLogs), time: time,
                publicHost: configuration.publicHost),
            accounts: AccountsFeature(
                catalog: catalog, directory: directory, deviceLoginCrypto: PlainDeviceLoginCrypto(), units: units,
                ledger: ledger, time: time, version: configuration.version),
            backups: BackupsFeature(
                backups: BackupCatalog(
                    catalog: catalog, custody: custody, store: backupStore, jobs: jobs, storeKind: .folder,
                    time: time)),
            data: ProjectDataFeature(catalog: catalog, reach: reach, importer: importer, time: time),
            functions: EdgeFunctionsFeature(catalog: catalog, functions: functions),
            notifications: NotificationsFeature(
                notifications: notifications,
                channels: ChannelCatalog(
                    store: channels, seal: .plain, draw: { UUID().uuidString.lowercased() }, time: time)),
            snippets: SnippetsFeature(catalog: catalog, content: content, time: time),
            usage: UsageFeature(catalog: catalog, reach: reach, history: usage, time: time),
            compatibility: SupabaseCompatibilityFeature(time: time))
    }
}

/// Addresses of projects that no pass has been over: what runs is what the test says.
struct StandInAddresses: ServiceAddresses {
    func address(behind variable: String, of record: ProjectRecord) async -> ServiceAddress? {
        guard let host = record.leases?.subnet.base, let port = record.leases?.ports[variable] else { return nil }
        return ServiceAddress(host: host, port: port)
    }
}

/// Folders of projects that are never there.
struct NoFunctionFolders: FunctionFolders {
    func stamps(of ref: ProjectRef, in folder: String) throws(FunctionError) -> [String: String]? { nil }
    func write(_ function: DeployedFunction, in folder: String) throws(FunctionError) {}
    func remove(_ slug: String, of ref: ProjectRef, in folder: String) throws(FunctionError) {}
}

/// Seals nothing: answers of tests hold no secrets.
struct PlainSealer: AnswerSealer {
    func seal(_ body: [UInt8]) throws(KeyError) -> [UInt8] { body }
    func open(_ sealed: [UInt8]) throws(KeyError) -> [UInt8] { sealed }
}

extension APIHost {
    static func parts(
        store: InMemoryProjectStore, engine: FakeEngine, renderer: TestRenderer,
        ports: String = "54320-65535", policy: IdentityPolicy = APIHost.policy, organizationLimit: Int? = nil,
        log: LogRecorder
    ) throws -> APIParts {
        guard let range = PortRange(ports), let pool = IPv4Network("10.201.0.0/16"),
            let subnets = SubnetAllocator(pool: pool)
        else { throw HostError("the test's own ranges are wrong") }
        let survey = EngineSurvey()
        let broker = LeaseBroker(
            store: store, host: FakeHostNetwork(), survey: survey, ports: range, subnets: subnets,
            bindAddress: "127.0.0.1")
        let health = HealthLoop(prober: FakeProber(engine: engine), engine: engine)
        let custody = InMemoryCustodyStore(projects: store)
        let templates = TemplateLibrary(only: renderer, in: store)
        let loop = ReconcileLoop(
            store: store, custody: custody, engine: engine, templates: templates, folders: FakeFolders(),
            minter: PlainKeyMinter(),
            broker: broker, survey: survey, health: health, logger: log.logger)
        let catalog = ProjectCatalog(
            store: store, custody: custody, templates: templates, minter: PlainKeyMinter(), broker: broker,
            observer: loop, memory: PostgresMemory(), organizationLimit: organizationLimit)
        let identities = InMemoryIdentityStore(projects: store, custody: custody)
        let crypto = PlainIdentityCrypto()
        return APIParts(
            store: store, custody: custody, engine: engine, orphanStore: InMemoryOrphanStore(projects: store),
            loop: loop, health: health, catalog: catalog, ledger: InMemoryRequestLedger(), identities: identities,
            directory: AccountDirectory(store: identities, crypto: crypto, policy: policy), crypto: crypto,
            functionStore: InMemoryFunctionStore(projects: store), content: InMemoryContentStore(in: store),
            notifications: InMemoryNotificationStore(in: store))
    }
}
