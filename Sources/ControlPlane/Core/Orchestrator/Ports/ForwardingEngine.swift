public import ProjectModel
public import Reconciler

/// An engine in front of another one. It passes every call on, each through ``forward(_:)``; a type states only what
/// it does differently.
public protocol ForwardingEngine: ContainerEngine {
    var engine: any ContainerEngine { get }

    /// Makes a call to ``engine``. What is true of every call goes here.
    func forward<Value: Sendable>(
        _ call: (any ContainerEngine) async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value
}

extension ForwardingEngine {
    public func forward<Value: Sendable>(
        _ call: (any ContainerEngine) async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        try await call(engine)
    }

    public func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack {
        try await forward { engine throws(EngineError) in try await engine.observe(ref) }
    }

    public func overview() async throws(EngineError) -> EngineOverview {
        try await forward { engine throws(EngineError) in try await engine.overview() }
    }

    public func missingImages(_ images: Set<String>) async throws(EngineError) -> Set<String> {
        try await forward { engine throws(EngineError) in try await engine.missingImages(images) }
    }

    public func perform(_ operation: EngineOperation, for ref: ProjectRef) async throws(EngineError) {
        try await forward { engine throws(EngineError) in try await engine.perform(operation, for: ref) }
    }

    public func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail {
        try await forward { engine throws(EngineError) in try await engine.logTail(ofContainer: id, lines: lines) }
    }

    public func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int {
        try await forward { engine throws(EngineError) in try await engine.runCommand(command, inContainer: id) }
    }

    public func events() -> AsyncThrowingStream<EngineEvent, any Error> { engine.events() }

    public func ping() async throws(EngineError) {
        try await forward { engine throws(EngineError) in try await engine.ping() }
    }
}
