import CurlKit
import FoundationEssentials
import Logging
import OrchestratorTesting
import ProjectModel
import Reconciler
import ServiceLifecycle

@testable import ManagementAPI
@testable import Orchestrator

/// A Management API on a port of this machine, over ports that live in memory. No loop runs: a project keeps the
/// status that a test gives it.
struct APIHost: Sendable {
    static let token = "sbp_" + String(repeating: "0123456789", count: 4)

    let store: InMemoryProjectStore
    let engine: FakeEngine
    let renderer: TestRenderer
    let catalog: ProjectCatalog
    let client: HTTPClient
    let port: UInt16
    let log: LogRecorder

    /// Serves for as long as `body` takes, then shuts down gracefully.
    static func run<Value: Sendable>(
        limits: ServerLimits = ServerLimits(), verifier: (any AccessTokenVerifier)? = nil,
        readiness: @Sendable (InMemoryProjectStore, FakeEngine) -> [ReadinessCheck] = { _, _ in [] },
        ports: String = "54320-65535", _ body: @Sendable (APIHost) async throws -> Value
    ) async throws -> Value {
        let store = InMemoryProjectStore()
        let engine = FakeEngine(time: SystemTime())
        let renderer = TestRenderer()
        let log = LogRecorder()
        let catalog = try Self.catalog(store, engine, renderer, ports: ports, log.logger)
        let verifier = try verifier ?? BootstrapTokenVerifier(AccessToken(token))
        let api = ManagementAPI(
            catalog: catalog, verifier: verifier, readiness: readiness(store, engine),
            configuration: ManagementAPIConfiguration(
                publicHost: "127.0.0.1", databasePortVariable: "DB_PORT", database: .sample))
        let (listening, continuation) = AsyncStream<UInt16>.makeStream()
        let server = ManagementAPIServer(
            api: api, address: ListenAddress(host: "127.0.0.1", port: 0), limits: limits, logger: log.logger,
            onListening: { continuation.yield($0) })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [server], logger: log.logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var ports = listening.makeAsyncIterator()
            guard let port = await ports.next() else { throw CancellationError() }
            let host = APIHost(
                store: store, engine: engine, renderer: renderer, catalog: catalog, client: try HTTPClient(),
                port: port, log: log)
            let value = try await body(host)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
    }

    static func catalog(
        _ store: InMemoryProjectStore, _ engine: FakeEngine, _ renderer: TestRenderer, ports: String, _ logger: Logger
    ) throws -> ProjectCatalog {
        guard let range = PortRange(ports), let pool = IPv4Network("10.201.0.0/16"),
            let subnets = SubnetAllocator(pool: pool)
        else { throw HostError("the test's own ranges are wrong") }
        let survey = EngineSurvey(engine: engine)
        let broker = LeaseBroker(
            store: store, host: FakeHostNetwork(), survey: survey, ports: range, subnets: subnets,
            bindAddress: "127.0.0.1")
        let health = HealthLoop(prober: FakeProber(engine: engine), engine: engine)
        let loop = ReconcileLoop(
            store: store, engine: engine, renderer: renderer, folders: FakeFolders(), minter: PlainKeyMinter(),
            broker: broker, survey: survey, health: health, logger: logger)
        return ProjectCatalog(
            store: store, renderer: renderer, minter: PlainKeyMinter(), broker: broker, loop: loop)
    }

    /// One exchange with the given token, or none.
    func send(
        _ method: String, _ path: String, body: String? = nil, token: String? = APIHost.token,
        headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        try await send(method, path, bytes: Array((body ?? "").utf8), token: token, headers: headers)
    }

    /// One exchange with a body that need not be text.
    func send(
        _ method: String, _ path: String, bytes: [UInt8], token: String? = APIHost.token,
        headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        let authorization = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        return Answer(
            try await client.send(
                HTTPRequest(
                    method: method, url: "http://127.0.0.1:\(port)\(path)", headers: authorization + headers,
                    body: bytes)))
    }

    /// Gives a project a status together with what always comes with it: a failed one has no leases.
    func bring(_ ref: ProjectRef, to status: ProjectStatus) async throws {
        switch status {
        case .provisioning: return
        case .failed:
            try await set(.rollingBack, of: ref)
            guard try await store.move(ref, StatusMoveFixture.failed(ref)) else {
                throw HostError("the status did not change")
            }
        case .starting, .active, .degraded, .pausing, .paused, .resuming, .restarting, .rollingBack, .deleting,
            .deleted:
            try await set(status, of: ref)
        }
    }

    /// Runs the manager's loops and the fake engine for as long as `body` takes.
    func withLoops(_ body: @Sendable () async throws -> Void) async throws {
        engine.addImages(Set(renderer.base.services.map(\.image)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            group.addTask { try await catalog.loop.health.run() }
            group.addTask { try await catalog.loop.run() }
            defer { group.cancelAll() }
            try await body()
        }
    }

    /// Waits until a project has a status, for a minute at most.
    func wait(for status: ProjectStatus, of ref: ProjectRef) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while try await store.project(ref)?.status != status {
            guard ContinuousClock.now < end else { throw HostError("project \(ref) did not become \(status)") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Creates a project over the wire and gives its ref.
    func create(_ name: String = "demo") async throws -> ProjectRef {
        let answer = try await send("POST", "/platform/projects", body: Self.createBody(name))
        guard let ref = try answer.json["ref"]?.text.flatMap({ ProjectRef($0) }) else {
            throw HostError("the project was not created: \(answer.status)")
        }
        return ref
    }

    static func createBody(_ name: String, _ more: String = "") -> String {
        #"{"name":"\#(name)","organization_slug":"default","db_pass":"Str0ng-pass","cloud_provider":"AWS"\#(more)}"#
    }

    /// Gives a project a status, as the loops would.
    func set(_ status: ProjectStatus, of ref: ProjectRef) async throws {
        let record = try await catalog.project(ref)
        let move = StatusMove(
            from: record.status, to: status, cause: "for the test", at: SystemTime().now())
        guard try await store.move(ref, move) else { throw HostError("the status did not change") }
    }
}

extension DatabaseVersion {
    /// A version as the tag of a database image has it.
    static let sample = DatabaseVersion(imageTag: "17.6.1.175")
}
