import CurlKit
import FoundationEssentials
import HTTPTypes
import Identity
import Logging
import OrchestratorTesting
import ProjectModel
import Reconciler
import ServiceLifecycle
import Testing

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
@testable import Installation
@testable import ManagementAPI
@testable import Orchestrator

/// A Management API on a port of this machine, over ports that live in memory. No loop runs: a project keeps the
/// status that a test gives it.
struct APIHost: Sendable {
    /// Token of the owner of the organization `default`.
    static let token = Person.owner.token
    /// What answers say about this host. Nothing is limited unless a test asks for it.
    static let configuration: ManagementAPIConfiguration = {
        var configuration = ManagementAPIConfiguration(publicHost: "127.0.0.1")
        configuration.requestsPerMinute = nil
        return configuration
    }()

    /// The usual limits, but streams that end soon: tests that go through every route read whole answers.
    static let limits: ServerLimits = {
        var limits = ServerLimits()
        (limits.streamDuration, limits.streamKeepAlive) = (.milliseconds(200), .milliseconds(50))
        return limits
    }()

    let store: InMemoryProjectStore
    let custody: InMemoryCustodyStore
    let orphans: InMemoryOrphanStore
    let jobs: InMemoryJobStore
    let registries: InMemoryRegistryLoginStore
    let engine: FakeEngine
    let renderer: TestRenderer
    let loop: ReconcileLoop
    let health: HealthLoop
    let catalog: ProjectCatalog
    let ledger: InMemoryRequestLedger
    let directory: AccountDirectory
    let identities: InMemoryIdentityStore
    /// Work on passwords; none of it may be done in a unit of work.
    let crypto: PlainIdentityCrypto
    let api: ManagementAPI
    /// Databases of projects, which answer what a test says.
    let databases: FakeProjectDatabase
    /// Gateways of projects, which answer what a test says.
    let gateways: FakeProjectGateway
    let content: InMemoryContentStore
    let notifications: InMemoryNotificationStore
    let containerLogs: FakeContainerLogs
    let usage: InMemoryUsageStore

    /// The way into projects, with addresses as a test says.
    var reach: ProjectReach {
        ProjectReach(catalog: catalog, databases: databases, gateways: gateways, addresses: StandInAddresses())
    }
    let client: HTTPClient
    let port: UInt16
    let log: LogRecorder
    let parts: APIParts

    /// Serves for as long as `body` takes, then shuts down gracefully.
    static func run<Value: Sendable>(
        limits: ServerLimits = APIHost.limits, verifier: (any AccessTokenVerifier)? = nil,
        readiness: @Sendable (InMemoryProjectStore, FakeEngine) -> [ReadinessCheck] = { _, _ in [] },
        ports: String = "54320-65535", configuration: ManagementAPIConfiguration = APIHost.configuration,
        renderer: TestRenderer = TestRenderer(), policy: IdentityPolicy = APIHost.policy,
        organizationLimit: Int? = nil, standInAddresses: Bool = true,
        freeBytes: @escaping @Sendable () -> UInt64? = { nil }, metrics: MetricSources = MetricSources(),
        _ body: @Sendable (APIHost) async throws -> Value
    ) async throws -> Value {
        let store = InMemoryProjectStore()
        let engine = FakeEngine(time: SystemTime())
        let log = LogRecorder()
        let parts = try Self.parts(
            store: store, engine: engine, renderer: renderer, ports: ports, policy: policy,
            organizationLimit: organizationLimit, log: log)
        try await parts.settle()
        let verifier = verifier ?? DirectoryTokenVerifier(directory: parts.directory)
        let api = parts.api(
            verifier: verifier, readiness: readiness(store, engine), configuration, standInAddresses: standInAddresses,
            freeBytes: freeBytes, metrics: metrics, logger: log.logger)
        let (listening, continuation) = AsyncStream<UInt16>.makeStream()
        let server = APIServer(
            api: api.pipeline, address: ListenAddress(host: "127.0.0.1", port: 0), limits: limits, logger: log.logger,
            onListening: { continuation.yield($0) })
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [ServiceGroupConfiguration.ServiceConfiguration(service: server, serviceName: "API")],
                logger: log.logger))
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var ports = listening.makeAsyncIterator()
            guard let port = await ports.next() else { throw CancellationError() }
            let host = APIHost(
                store: store, custody: parts.custody, orphans: parts.orphanStore, jobs: parts.jobStore,
                registries: parts.registryStore,
                engine: engine, renderer: renderer,
                loop: parts.loop, health: parts.health, catalog: parts.catalog, ledger: parts.ledger,
                directory: parts.directory, identities: parts.identities, crypto: parts.crypto, api: api,
                databases: parts.databases, gateways: parts.gateways,
                content: parts.content, notifications: parts.notifications,
                containerLogs: parts.containerLogs, usage: parts.usage, client: try HTTPClient(), port: port,
                log: log, parts: parts)
            let value = try await body(host)
            #expect(parts.crypto.slowWorkInUnits == 0, "a password was worked on in a unit of work")
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return value
        }
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
        let answer = Answer(
            try await client.send(
                CurlKit.HTTPRequest(
                    method: method, url: "http://127.0.0.1:\(port)\(path)", headers: authorization + headers,
                    body: bytes)))
        check(answer, to: method, path)
        return answer
    }

    /// Holds every answer that any test gets to what the documentation says of its route, and those of `/v1` to the
    /// published document too, where it is there.
    private func check(_ answer: Answer, to method: String, _ path: String) {
        guard let method = HTTPTypes.HTTPRequest.Method(method), method != .head, method != .options,
            let found = try? api.pipeline.routes.find(method, String(path.prefix { $0 != "?" }))
        else { return }
        for problem in found.route.problems(in: answer) { Issue.record("\(problem)") }
        let published = ManagementDocument.shared?.problems(in: answer, to: found.route.name) ?? []
        for problem in published where !PublishedDifference.isKnown(problem, found.route.name) {
            Issue.record("\(found.route.name), as published: \(problem)")
        }
    }

    /// Gives a project a status together with what always comes with it: a failed one has no leases.
    func bring(_ ref: ProjectRef, to status: ProjectStatus) async throws {
        switch status {
        case .provisioning: return
        case .failed:
            try await set(.rollingBack, of: ref)
            guard try await store.transition(ref, StatusTransitionFixture.failed(ref)) else {
                throw HostError("the status did not change")
            }
        case .starting, .active, .degraded, .pausing, .paused, .resuming, .restarting, .upgrading, .reverting,
            .restoring, .rollingBack, .deleting,
            .deleted:
            try await set(status, of: ref)
        }
    }

    /// Runs the manager's loops and the fake engine for as long as `body` takes.
    func withLoops(_ body: @Sendable () async throws -> Void) async throws {
        engine.addImages(Set(renderer.base.services.map(\.image)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await engine.run() }
            group.addTask { try await health.run() }
            group.addTask { try await loop.run() }
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
        #"{"name":"\#(name)","organization_slug":"default","db_pass":"Str0ng-pass-word","cloud_provider":"AWS"\#(more)}"#
    }

    /// Gives a project a status, as the loops would.
    func set(_ status: ProjectStatus, of ref: ProjectRef) async throws {
        guard let record = try await store.project(ref) else { throw HostError("there is no such project") }
        let transition = StatusTransition(
            from: record.status, to: status, cause: "for the test", at: SystemTime().now())
        guard try await store.transition(ref, transition) else { throw HostError("the status did not change") }
    }
}
