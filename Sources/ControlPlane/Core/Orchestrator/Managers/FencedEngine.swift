public import ProjectModel
public import Reconciler

/// The engine as the loops see it: every call that changes something is made only while the manager's lease lasts.
/// Reading is free, and so is running a probe's command. An operation may take several calls: an adapter that can asks
/// again before each of them.
public struct FencedEngine: ContainerEngine {
    private let engine: any ContainerEngine
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

    /// Passed on.
    public func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack { try await engine.observe(ref) }

    /// Passed on.
    public func overview() async throws(EngineError) -> EngineOverview { try await engine.overview() }

    /// Passed on.
    public func missingImages(_ images: Set<String>) async throws(EngineError) -> Set<String> {
        try await engine.missingImages(images)
    }

    /// Passed on.
    public func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail {
        try await engine.logTail(ofContainer: id, lines: lines)
    }

    /// Passed on: a probe observes.
    public func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int {
        try await engine.runCommand(command, inContainer: id)
    }

    /// Passed on.
    public func events() -> AsyncThrowingStream<EngineEvent, any Error> { engine.events() }

    /// Passed on.
    public func ping() async throws(EngineError) { try await engine.ping() }
}
