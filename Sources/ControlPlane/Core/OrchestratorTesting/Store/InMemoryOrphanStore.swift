public import Orchestrator
public import ProjectModel
import Synchronization

/// The ledger of orphans in memory.
public final class InMemoryOrphanStore: OrphanStore, Revertible {
    private struct State {
        var orphans: [Int64: Orphan] = [:]
        var lastNumber: Int64 = 0
    }

    private let knownProjects: any ProjectStore
    private let state = Mutex(State())

    /// An empty ledger beside the projects of the database.
    public init(projects: any ProjectStore) { knownProjects = projects }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0 }
        return { [self] in state.withLock { $0 = copy } }
    }

    private func transaction<Value: Sendable>(_ body: (inout State) -> Value) async -> Value {
        await Task.yield()
        return state.withLock { body(&$0) }
    }

    /// All orphans, by number.
    public func orphans() async throws(StoreError) -> [Orphan] {
        await transaction { state in
            Array(state.orphans.values.sorted { $0.number < $1.number }.prefix(OrphanLimits.listedMax))
        }
    }

    /// Adds orphans that are not known yet.
    public func add(_ orphans: [Orphan]) async throws(StoreError) {
        await transaction { state in
            for orphan in orphans where !state.orphans.values.contains(where: { $0.object.key == orphan.object.key }) {
                state.lastNumber += 1
                var stored = orphan
                stored.number = state.lastNumber
                state.orphans[stored.number] = stored
            }
        }
    }

    /// Sets the end of the grace period of orphans.
    public func renewGrace(of numbers: Set<Int64>, until time: Timestamp) async throws(StoreError) {
        await transaction { state in for number in numbers { state.orphans[number]?.graceUntil = time } }
    }

    /// Strikes orphans off.
    public func strike(_ numbers: Set<Int64>) async throws(StoreError) {
        await transaction { state in for number in numbers { state.orphans[number] = nil } }
    }

    /// Requests the removal of an orphan.
    public func requestRemoval(of number: Int64) async throws(StoreError) -> Orphan? {
        await transaction { state in
            state.orphans[number]?.state = .removing
            state.orphans[number]?.refusal = nil
            return state.orphans[number]
        }
    }

    /// Notes a refusal.
    public func note(refusal: String, of number: Int64) async throws(StoreError) {
        await transaction { $0.orphans[number]?.refusal = refusal }
    }

    /// Refs that there are projects for.
    public func projects(among refs: Set<String>) async throws(StoreError) -> Set<String> {
        var known: Set<String> = []
        for text in refs {
            guard let ref = ProjectRef(text), try await knownProjects.project(ref) != nil else { continue }
            known.insert(text)
        }
        return known
    }
}
