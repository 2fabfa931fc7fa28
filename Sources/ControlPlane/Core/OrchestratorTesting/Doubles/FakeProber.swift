public import Orchestrator
public import ProjectModel
public import Reconciler

/// Probes the processes of a ``FakeEngine``.
public struct FakeProber: ServiceProber {
    private let engine: FakeEngine

    /// A prober on an engine's network.
    public init(engine: FakeEngine) { self.engine = engine }

    /// Ready when the service at `address` answers.
    public func run(_ probe: Probe, at address: IPv4Address, deadline: Duration) async -> ProbeResult {
        await Task.yield()
        return engine.isAnswering(at: address) ? .ready : .notReady("connection refused")
    }
}
