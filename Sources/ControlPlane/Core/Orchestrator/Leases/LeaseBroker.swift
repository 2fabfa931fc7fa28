public import ProjectModel
public import Reconciler

/// Chooses ports and subnets: outside of what is leased, listened on, published or routed. The database's unique
/// constraints and the engine at start decide; a request that is refused there chooses again.
public struct LeaseBroker: Sendable {
    private let store: any ProjectStore
    private let host: any HostNetwork
    private let survey: EngineSurvey
    private let ports: PortRange
    private let subnets: SubnetAllocator
    private let bindAddress: String
    private let draw: @Sendable () -> UInt32

    /// A broker for one host.
    ///
    /// - Parameters:
    ///   - bindAddress: The host address on which projects publish.
    ///   - draw: Where among the free ports and subnets a choice begins; the lowest by default. A manager draws at
    ///     random: concurrent requests do not see each other's choice, and then rarely collide.
    public init(
        store: any ProjectStore, host: any HostNetwork, survey: EngineSurvey, ports: PortRange,
        subnets: SubnetAllocator, bindAddress: String, draw: @escaping @Sendable () -> UInt32 = LeaseBroker.lowest
    ) {
        self.store = store
        self.host = host
        self.survey = survey
        self.ports = ports
        self.subnets = subnets
        self.bindAddress = bindAddress
        self.draw = draw
    }

    /// Draws that always lead to the lowest free ports and the lowest free subnet.
    public static let lowest: @Sendable () -> UInt32 = { 0 }
    /// Draws of the system's generator.
    public static let anywhere: @Sendable () -> UInt32 = { UInt32.random(in: .min ... .max) }

    /// Ports for all `variables` and a subnet.
    public func choose(
        ports variables: [String], at time: Timestamp, avoiding taken: EngineUse = EngineUse()
    ) async throws(LeaseError) -> Leases {
        let leased: TakenLeases
        let use: HostUse
        do {
            leased = try await store.leases(at: time)
            use = try hostUse()
        } catch let error as StoreError {
            throw .store(error)
        } catch {
            throw .host("\(error)")
        }
        let engine = await survey.latest
        let allocator = PortAllocator(range: ports, ephemeral: use.ephemeral)
        let takenPorts = leased.ports.union(use.listening).union(engine.ports).union(taken.ports)
        guard let chosen = allocator.choose(variables.count, taken: takenPorts, draw: draw()) else {
            throw .noPorts(ports)
        }
        let takenSubnets = leased.subnets.union(use.routes).union(engine.subnets).union(taken.subnets)
        guard let subnet = subnets.choose(taken: takenSubnets, draw: draw()) else {
            let pool = subnets.pool
            let cover = takenSubnets.first { $0.base <= pool.base && pool.last <= $0.last }
            throw cover.map { .poolCovered(pool, by: $0) } ?? .noSubnets(pool)
        }
        return Leases(ports: Dictionary(uniqueKeysWithValues: zip(variables.sorted(), chosen)), subnet: subnet)
    }

    private struct HostUse {
        var listening: Set<UInt16>
        var routes: [IPv4Network]
        var ephemeral: PortRange?
    }

    private func hostUse() throws(HostError) -> HostUse {
        HostUse(
            listening: try host.listeningPorts(on: bindAddress), routes: try host.routes(),
            ephemeral: try host.ephemeralPorts())
    }
}

/// Why nothing could be leased.
public enum LeaseError: Error, Sendable, Equatable, CustomStringConvertible {
    case noPorts(PortRange)
    case noSubnets(IPv4Network)
    case poolCovered(IPv4Network, by: IPv4Network)
    case store(StoreError)
    case host(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .noPorts(let range):
            "no free host ports are left in \(range): delete a project or widen the range of host ports"
        case .noSubnets(let pool):
            "no free subnet is left in \(pool): delete a project or widen the pool of subnets"
        case .poolCovered(let pool, let cover):
            "the host or the engine uses \(cover), which covers all of \(pool): "
                + "choose a pool of subnets outside of it"
        case .store(let error): "\(error)"
        case .host(let reason): "the host's network cannot be read: \(reason)"
        }
    }
}

/// Ports and subnets in use, by any program.
public struct EngineUse: Sendable, Equatable {
    /// Host ports.
    public var ports: Set<UInt16>
    public var subnets: Set<IPv4Network>

    /// The ports and subnets in use.
    public init(ports: Set<UInt16> = [], subnets: Set<IPv4Network> = []) {
        self.ports = ports
        self.subnets = subnets
    }
}

/// What the engine's own list of ports and networks said last. Requests read this instead of asking the engine.
public actor EngineSurvey {
    /// The ports and subnets of the last full list.
    public private(set) var latest = EngineUse()

    /// A survey that knows of nothing yet.
    public init() {}

    /// Takes in what a full list has found.
    func note(_ use: EngineUse) { latest = use }
}
