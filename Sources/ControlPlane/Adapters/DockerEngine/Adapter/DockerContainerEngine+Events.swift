public import Orchestrator
import ProjectModel

extension DockerContainerEngine {
    /// Actions that can change the observed state of a project. Everything else – above all the exec events of health
    /// checks, three a run – stays out of the stream.
    static let actions = ["create", "start", "die", "stop", "oom", "pause", "unpause", "destroy", "restart", "rename"]

    /// Follows the events of the installation's objects.
    public func events() -> AsyncThrowingStream<EngineEvent, any Error> {
        let source = EventSource(engine: self)
        return AsyncThrowingStream { try await source.next() }
    }

    /// Opens the stream of events of this installation.
    fileprivate func subscribe() async throws(EngineError) -> EngineStream<DockerEvent> {
        let filter = EventFilter(
            types: [.container, .network, .volume], actions: Self.actions,
            labels: [.equals(StackLabels.installation, installation)])
        return try await translated { client in try await client.events(filter) }
    }
}

/// One subscription, pulled by its reader; idle otherwise.
private actor EventSource {
    private let engine: DockerContainerEngine
    private var iterator: EngineStream<DockerEvent>.AsyncIterator?
    private var isSubscribed = false

    init(engine: DockerContainerEngine) { self.engine = engine }

    func next() async throws -> EngineEvent? {
        guard isSubscribed else {
            iterator = try await engine.subscribe().makeAsyncIterator()
            isSubscribed = true
            engine.inspections.forgetAll()
            return .connected
        }
        while var stream = iterator {
            iterator = nil
            let event = try await stream.next(isolation: self)
            guard let event else { return nil }
            iterator = stream
            guard let ref = event.attributes[StackLabels.project].flatMap({ ProjectRef($0) }) else { continue }
            if event.type == EventFilter.ObjectType.container.rawValue {
                engine.inspections.forget(event.actorID, of: ref)
            }
            return .changed(ref)
        }
        return nil
    }
}
