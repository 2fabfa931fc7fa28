public import ProjectModel
public import Reconciler

/// The engine as the loops see it: every call that changes something is made only while the manager's lease lasts.
/// Reading is free, and so is running a probe's command. An operation may take several calls: an adapter that can asks
/// again before each of them.
public struct FencedEngine: ForwardingEngine {
    public let engine: any ContainerEngine
    private let lease: ManagerLease

    /// An engine that asks `lease` right before each change.
    public init(_ engine: any ContainerEngine, lease: ManagerLease) {
        self.engine = engine
        self.lease = lease
    }

    /// Makes the call while the lease lasts; ``EngineError/notActive`` otherwise.
    public func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        guard lease.token != nil else { throw .notActive }
        try await engine.perform(operation, for: ref)
    }
}
