public import DataPlaneCore
public import PostgresKit
import Synchronization
import TokenKit

/// The realtime API of one project: Phoenix channels by WebSocket, and broadcasts by HTTP.
///
/// What happens is decided by ``RealtimeState``, one value behind a lock; what it wants done is done here, and what
/// takes time (policies, stored broadcasts, changes) in ``run()``.
public final class RealtimeService: DataPlaneService {
    /// Work for ``run()``. A channel has at most one question of each kind under way.
    enum Job: Sendable {
        case check(RightsCheck)
        case replay(ChannelID, ticket: UInt64, topic: String, JoinRequest.Replay)
    }

    let configuration: RealtimeConfiguration
    let pool: PostgresPool
    let policies: any ChannelPolicies
    let store: BroadcastStore
    let clock: @Sendable () -> Double
    let report: @Sendable (String) -> Void
    let listening: PostgresConnectionParameters
    let tokens: TokenReader
    let changes: ChangeHub
    private let writer: any SocketWriter
    private let state: Mutex<RealtimeState>
    private let hasSchema = Mutex(false)
    let jobs: AsyncStream<Job>
    private let job: AsyncStream<Job>.Continuation
    /// Whether there are clients; the newest word counts.
    let demand: AsyncStream<Bool>
    private let demanded: AsyncStream<Bool>.Continuation

    /// A service. Until ``migrate()`` has succeeded it is not ready; public channels work all the same.
    ///
    /// - Parameters:
    ///   - database: where stored broadcasts are listened for.
    ///   - clock: seconds since the epoch.
    ///   - report: takes what operators must know of failures; never a secret.
    public convenience init(
        configuration: RealtimeConfiguration, pool: PostgresPool, database: PostgresConnectionParameters,
        writer: any SocketWriter, clock: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.init(
            configuration: configuration, pool: pool, database: database, policies: PolicyReader(pool: pool),
            writer: writer, clock: clock, report: report)
    }

    init(
        configuration: RealtimeConfiguration, pool: PostgresPool, database: PostgresConnectionParameters,
        policies: any ChannelPolicies, writer: any SocketWriter, clock: @escaping @Sendable () -> Double,
        report: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.pool = pool
        self.policies = policies
        self.writer = writer
        self.clock = clock
        self.report = report
        listening = database
        store = BroadcastStore(pool: pool)
        var replication = PostgresReplication.Limits()
        replication.messageBytesMax = configuration.limits.replicatedBytesMax
        changes = ChangeHub(
            database: database, replication: replication, pool: pool, bytesMax: configuration.limits.changeBytesMax,
            clock: clock)
        tokens = TokenReader(verifier: configuration.verifier, keys: configuration.keys)
        // Only to keep references of several servers apart; no secret.
        let origin = String(UInt64.random(in: 0 ... .max), radix: 36) + "-"
        state = Mutex(RealtimeState(limits: configuration.limits, tokens: tokens, origin: origin))
        (jobs, job) = AsyncStream.makeStream()
        (demand, demanded) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Whether private channels and broadcasts of the database can be served.
    public var isReady: Bool { hasSchema.withLock { $0 } }

    /// What clients may do at most.
    public var limits: RealtimeLimits { configuration.limits }

    /// Makes what is missing of the schema.
    public func migrate() async throws {
        try await RealtimeSchema.migrate(pool)
        hasSchema.withLock { $0 = true }
    }

    // MARK: Connections

    /// Takes a connection in; nil when there are too many.
    public func open(_ admission: SocketAdmission) -> SocketID? {
        state.withLock { state in
            let id = state.open(version: admission.version, claims: admission.claims)
            if id != nil, state.sockets.count == 1 { demanded.yield(true) }
            return id
        }
    }

    /// A message of a client.
    public func receive(_ data: SocketData, from id: SocketID) {
        let now = clock()
        guard let version = state.withLock({ $0.sockets[id]?.version }),
            let message = FrameDecoder(version: version).message(data)
        else { return }
        change { $0.receive(message, from: id, at: now) }
    }

    /// A connection has gone.
    public func closed(_ id: SocketID) {
        change { state in
            let effects = state.close(id)
            if state.sockets.isEmpty { demanded.yield(false) }
            return effects
        }
    }

    /// Asks every client to connect again elsewhere or later; new ones are refused.
    public func shutDown() { change { $0.shutDown() } }

    /// Connections at the moment.
    public var connections: Int { state.withLock { $0.sockets.count } }

    var hasRoom: Bool { state.withLock { !$0.isShuttingDown && $0.sockets.count < limits.connectionsMax } }

    // MARK: State and effects

    /// Changes the state, and does what it wants in that order: writers keep the order for each client.
    func change(_ body: (inout RealtimeState) -> [ChannelEffect]) {
        state.withLock { state in
            for effect in body(&state) { perform(effect) }
        }
    }

    func read<Value>(_ body: (inout RealtimeState) -> sending Value) -> sending Value { state.withLock { body(&$0) } }

    private func perform(_ effect: ChannelEffect) {
        switch effect {
        case .send(let message, let version, let ids):
            guard let data = FrameEncoder(version: version).data(message) else { return }
            writer.send(data, to: ids)
        case .close(let id, let code, let reason): writer.close(id, code: code, reason: reason)
        case .check(let check): job.yield(.check(check))
        case .replay(let id, let ticket, let topic, let replay):
            job.yield(.replay(id, ticket: ticket, topic: topic, replay))
        case .subscribe(let id, let ticket, let bindings, let claims):
            changes.subscribe(ChangeHub.Request(channel: id, ticket: ticket, bindings: bindings, claims: claims))
        case .unsubscribe(let id): changes.unsubscribe(id)
        }
    }
}
