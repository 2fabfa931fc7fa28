import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// The life of one manager process. It can end before or after any call to the engine; from then on nothing that the
/// process still tries has any effect, exactly as after SIGKILL.
public final class ManagerLife: Sendable {
    /// When a process dies.
    public enum Death: Sendable, Equatable {
        case never
        /// Before the call of this number (from 1, all calls to the engine counted) reaches the engine.
        case before(call: Int)
        /// After the engine has carried the call out, before its answer arrives.
        case after(call: Int)
    }

    private let death: Death
    private let state = Mutex((calls: 0, isAlive: true))

    /// A life that ends as `death` says.
    public init(_ death: Death = .never) { self.death = death }

    /// Whether it is running.
    public var isAlive: Bool { state.withLock(\.isAlive) }

    /// Calls made to the engine so far.
    public var calls: Int { state.withLock(\.calls) }

    func die() { state.withLock { $0.isAlive = false } }

    fileprivate func begin() -> (number: Int, isAlive: Bool) {
        state.withLock { state in
            guard state.isAlive else { return (0, false) }
            state.calls += 1
            if death == .before(call: state.calls) { state.isAlive = false }
            return (state.calls, state.isAlive)
        }
    }

    fileprivate func end(_ number: Int) -> Bool {
        state.withLock { state in
            if death == .after(call: number) { state.isAlive = false }
            return state.isAlive
        }
    }

    fileprivate func engineCall<Value: Sendable>(
        _ body: () async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        let (number, isAlive) = begin()
        guard isAlive else { throw .unavailable("the manager is dead") }
        let value = try await body()
        guard end(number) else { throw .unavailable("the manager is dead") }
        return value
    }

    fileprivate func storeCall<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        guard isAlive else { throw .unavailable("the manager is dead") }
        return try await body()
    }
}

/// An engine as a mortal manager sees it.
struct MortalEngine: ForwardingEngine {
    let engine: any ContainerEngine
    let life: ManagerLife

    func forward<Value: Sendable>(
        _ call: (any ContainerEngine) async throws(EngineError) -> Value
    ) async throws(EngineError) -> Value {
        try await life.engineCall { () async throws(EngineError) in try await call(engine) }
    }
}

/// A store as a mortal manager sees it.
struct MortalStore: ProjectStore {
    let store: any ProjectStore
    let life: ManagerLife

    var operations: any ProjectOperationStore { store.operations }

    func insert(_ project: NewProject) async throws(StoreError) -> ProjectRecord {
        try await life.storeCall { () async throws(StoreError) in try await store.insert(project) }
    }
    func project(_ ref: ProjectRef) async throws(StoreError) -> ProjectRecord? {
        try await life.storeCall { () async throws(StoreError) in try await store.project(ref) }
    }
    func projects(_ query: ProjectQuery) async throws(StoreError) -> ProjectPage {
        try await life.storeCall { () async throws(StoreError) in try await store.projects(query) }
    }
    func outlines() async throws(StoreError) -> [ProjectRef: RecordOutline] {
        try await life.storeCall { () async throws(StoreError) in try await store.outlines() }
    }
    func secrets(of ref: ProjectRef) async throws(StoreError) -> SealedSecrets {
        try await life.storeCall { () async throws(StoreError) in try await store.secrets(of: ref) }
    }
    func configuration(of ref: ProjectRef) async throws(StoreError) -> StoredConfiguration {
        try await life.storeCall { () async throws(StoreError) in try await store.configuration(of: ref) }
    }
    func change(_ ref: ProjectRef, _ change: ConfigurationChange) async throws(StoreError) -> Bool {
        try await life.storeCall { () async throws(StoreError) in try await store.change(ref, change) }
    }
    func rename(_ ref: ProjectRef, to name: ProjectName, at time: Timestamp) async throws(StoreError) {
        try await life.storeCall { () async throws(StoreError) in try await store.rename(ref, to: name, at: time) }
    }
    func pin(_ ref: ProjectRef, to template: TemplateDigest, at time: Timestamp) async throws(StoreError) -> Bool {
        try await life.storeCall { () async throws(StoreError) in try await store.pin(ref, to: template, at: time) }
    }
    func transition(_ ref: ProjectRef, _ transition: StatusTransition) async throws(StoreError) -> Bool {
        try await life.storeCall { () async throws(StoreError) in try await store.transition(ref, transition) }
    }
    func leases(at time: Timestamp) async throws(StoreError) -> TakenLeases {
        try await life.storeCall { () async throws(StoreError) in try await store.leases(at: time) }
    }
    func replacePort(
        _ variable: String, of ref: ProjectRef, with port: UInt16, at time: Timestamp
    ) async throws(StoreError) {
        try await life.storeCall { () async throws(StoreError) in
            try await store.replacePort(variable, of: ref, with: port, at: time)
        }
    }
    func replaceSubnet(of ref: ProjectRef, with subnet: IPv4Network, at time: Timestamp) async throws(StoreError) {
        try await life.storeCall { () async throws(StoreError) in
            try await store.replaceSubnet(of: ref, with: subnet, at: time)
        }
    }
    func note(_ events: [ProjectEvent], of ref: ProjectRef) async throws(StoreError) {
        try await life.storeCall { () async throws(StoreError) in try await store.note(events, of: ref) }
    }
    func events(of ref: ProjectRef, limit: Int) async throws(StoreError) -> [ProjectEvent] {
        try await life.storeCall { () async throws(StoreError) in try await store.events(of: ref, limit: limit) }
    }
    func ping() async throws(StoreError) {
        try await life.storeCall { () async throws(StoreError) in try await store.ping() }
    }
}
