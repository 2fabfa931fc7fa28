public import FunctionModel
import Orchestrator
public import ProjectModel

/// The table of an ``InMemoryFunctionStore``.
struct FunctionTable: Sendable {
    struct Key: Hashable {
        var ref: ProjectRef
        var slug: String
        var stage: FunctionStage
    }

    var rows: [Key: DeployedFunction] = [:]

    /// Deletes the functions of a project.
    mutating func forget(_ ref: ProjectRef) { rows = rows.filter { $0.key.ref != ref } }
}

/// Functions in memory, under the same rules as in PostgreSQL; ``FunctionStoreContract`` holds both to them.
public final class InMemoryFunctionStore: FunctionStore, Revertible {
    private typealias Key = FunctionTable.Key
    private typealias State = [Key: DeployedFunction]

    private let projects: InMemoryProjectStore

    /// The functions of a database.
    public init(projects: InMemoryProjectStore) { self.projects = projects }

    private func withRows<Value: Sendable, Failure: Error>(
        _ body: (inout [FunctionTable.Key: DeployedFunction]) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try projects.withTables { tables throws(Failure) in try body(&tables.functions.rows) }
    }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = withRows { $0 }
        return { [self] in withRows { $0 = copy } }
    }

    /// Functions that run.
    public func functions(of ref: ProjectRef) async throws(FunctionError) -> [EdgeFunction] {
        let all = withRows { $0.filter { $0.key.ref == ref && $0.key.stage == .live }.map(\.value.function) }
        return all.sorted { $0.slug.utf8.lexicographicallyPrecedes($1.slug.utf8) }
    }

    /// One function that runs.
    public func function(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> DeployedFunction? {
        withRows { $0[Key(ref: ref, slug: slug, stage: .live)] }
    }

    /// Stores a deployment.
    public func put(
        _ deployment: FunctionDeployment, as stage: FunctionStage, of ref: ProjectRef, at time: Timestamp
    ) async throws(FunctionError) -> EdgeFunction {
        try await checkProject(ref)
        return try withRows { state throws(FunctionError) in
            let live = Key(ref: ref, slug: deployment.slug, stage: .live)
            let bundle = Key(ref: ref, slug: deployment.slug, stage: .bundle)
            let replaced = stage == .live ? [live, bundle] : [bundle]
            let kept = state.filter { $0.key.ref == ref && !replaced.contains($0.key) }
            try FunctionRules.checkRoom(
                FunctionUse(
                    functions: Set(kept.keys.map(\.slug)).subtracting([deployment.slug]).count,
                    bytes: kept.values.flatMap(\.files).reduce(0) { $0 + $1.bytes.count }), for: deployment)
            let function = FunctionRules.next(
                deployment, live: state[live]?.function, bundle: state[bundle]?.function, of: ref, at: time)
            for key in replaced { state[key] = nil }
            state[stage == .live ? live : bundle] = DeployedFunction(function, files: deployment.files)
            return function
        }
    }

    /// Makes updates.
    public func update(
        _ updates: [FunctionUpdate], of ref: ProjectRef, at time: Timestamp
    ) async throws(FunctionError) -> [EdgeFunction] {
        try await checkProject(ref)
        return try withRows { state throws(FunctionError) in
            var copy = state
            var functions: [EdgeFunction] = []
            for update in updates { functions.append(try Self.make(update, of: ref, at: time, in: &copy)) }
            state = copy
            return functions
        }
    }

    private static func make(
        _ update: FunctionUpdate, of ref: ProjectRef, at time: Timestamp, in state: inout State
    ) throws(FunctionError) -> EdgeFunction {
        let live = Key(ref: ref, slug: update.slug, stage: .live)
        let bundle = Key(ref: ref, slug: update.slug, stage: .bundle)
        let change = try FunctionRules.updated(
            update, live: state[live]?.function, bundle: state[bundle]?.function,
            paths: [
                .live: Set(state[live]?.files.map(\.path) ?? []), .bundle: Set(state[bundle]?.files.map(\.path) ?? []),
            ], at: time)
        if change.from == .bundle { state[live] = state.removeValue(forKey: bundle) }
        state[live]?.function = change.function
        return change.function
    }

    /// Deletes a function.
    public func delete(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> Bool {
        withRows { state in
            state[Key(ref: ref, slug: slug, stage: .bundle)] = nil
            return state.removeValue(forKey: Key(ref: ref, slug: slug, stage: .live)) != nil
        }
    }

    private func checkProject(_ ref: ProjectRef) async throws(FunctionError) {
        let record: ProjectRecord?
        do throws(StoreError) { record = try await projects.project(ref) } catch { throw .store(error) }
        guard let record, record.status != .deleted else { throw .noProject(ref) }
    }
}
