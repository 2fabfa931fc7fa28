public import Orchestrator
public import ProjectModel
import Synchronization

/// What another ``Orchestrator/HostNetwork`` has said a moment ago. Reading the kernel's table of sockets takes as long
/// as all the rest of a creation, and every creation needs it: concurrent creations share one reading. A port that is
/// taken meanwhile is refused by the engine, as one is that is taken a moment later.
public final class RecentHostNetwork: HostNetwork {
    /// How long an answer is used.
    public static let lifetime: Duration = .seconds(1)

    private struct Answer<Value: Sendable>: Sendable {
        let value: Value
        let at: ContinuousClock.Instant
    }

    private struct State {
        var listening: [String: Answer<Set<UInt16>>] = [:]
        var routes: Answer<[IPv4Network]>?
    }

    private let base: any HostNetwork
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// Caches what `base` returns for ``lifetime``, measured by `now`.
    public init(_ base: any HostNetwork, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.base = base
        self.now = now
    }

    /// Ports on which something listened at most ``lifetime`` ago. Concurrent callers share one reading.
    public func listeningPorts(on address: String) throws(HostError) -> Set<UInt16> {
        try state.withLock { state throws(HostError) in
            if let known = recent(state.listening[address]) { return known }
            let answer = Answer(value: try base.listeningPorts(on: address), at: now())
            // One address in practice; never more than one is kept.
            state.listening = [address: answer]
            return answer.value
        }
    }

    /// Routes of at most ``lifetime`` ago.
    public func routes() throws(HostError) -> [IPv4Network] {
        try state.withLock { state throws(HostError) in
            if let known = recent(state.routes) { return known }
            let answer = Answer(value: try base.routes(), at: now())
            state.routes = answer
            return answer.value
        }
    }

    /// Not cached: it costs nothing.
    public func ephemeralPorts() throws(HostError) -> PortRange? { try base.ephemeralPorts() }

    private func recent<Value>(_ answer: Answer<Value>?) -> Value? {
        answer.flatMap { now() - $0.at < Self.lifetime ? $0.value : nil }
    }
}
