public import Orchestrator
public import ProjectModel
import Synchronization

/// A host's network that is what a test says.
public final class FakeHostNetwork: HostNetwork {
    private struct State {
        var listening: Set<UInt16> = []
        var routes: [IPv4Network] = []
        var ephemeral: PortRange?
        var failure: HostError?
    }

    private let state: Mutex<State>

    /// A host; by default with an ephemeral range only.
    public init(
        listening: Set<UInt16> = [], routes: [IPv4Network] = [], ephemeral: PortRange? = PortRange(32_768...60_999)
    ) {
        state = Mutex(State(listening: listening, routes: routes, ephemeral: ephemeral))
    }

    /// Sets the ports on which something listens.
    public func setListening(_ ports: Set<UInt16>) { state.withLock { $0.listening = ports } }

    public func setRoutes(_ routes: [IPv4Network]) { state.withLock { $0.routes = routes } }

    /// Makes every question fail, or succeed again.
    public func setFailure(_ failure: HostError?) { state.withLock { $0.failure = failure } }

    private func read<Value: Sendable>(_ body: (State) -> Value) throws(HostError) -> Value {
        try state.withLock { state throws(HostError) in
            if let failure = state.failure { throw failure }
            return body(state)
        }
    }

    /// Ports on which a program listens, on any address.
    public func listeningPorts(on address: String) throws(HostError) -> Set<UInt16> { try read(\.listening) }

    public func routes() throws(HostError) -> [IPv4Network] { try read(\.routes) }

    /// The ephemeral range.
    public func ephemeralPorts() throws(HostError) -> PortRange? { try read(\.ephemeral) }
}
