public import FunctionModel
import Orchestrator
public import PostgresKit
public import ProjectModel

/// Edge Functions in PostgreSQL.
public struct PostgresFunctionStore: FunctionStore {
    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Selects the functions that run.
    public func functions(of ref: ProjectRef) async throws(FunctionError) -> [EdgeFunction] {
        try await transaction { try await FunctionRows.select(of: ref, in: $0) }
    }

    /// Selects one function with its files.
    public func function(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> DeployedFunction? {
        try await transaction { try await FunctionRows.select(slug, of: ref, in: $0) }
    }

    /// Replaces what runs, and with it a bundle that waits, or the bundle alone.
    public func put(
        _ deployment: FunctionDeployment, as stage: FunctionStage, of ref: ProjectRef, at time: Timestamp
    ) async throws(FunctionError) -> EdgeFunction {
        try await transaction { transaction in
            try await FunctionRows.lock(ref, in: transaction)
            let slug = deployment.slug
            let replaced: [FunctionStage] = stage == .live ? [.live, .bundle] : [.bundle]
            try FunctionRules.checkRoom(
                try await FunctionRows.use(of: ref, without: slug, replaced, in: transaction), for: deployment)
            let function = FunctionRules.next(
                deployment, live: try await FunctionRows.select(slug, .live, of: ref, in: transaction),
                bundle: try await FunctionRows.select(slug, .bundle, of: ref, in: transaction), of: ref, at: time)
            try await FunctionRows.delete(slug, replaced, of: ref, in: transaction)
            try await FunctionRows.insert(function, as: stage, files: deployment.files, in: transaction)
            return function
        }
    }

    /// Makes all updates in one transaction.
    public func update(
        _ updates: [FunctionUpdate], of ref: ProjectRef, at time: Timestamp
    ) async throws(FunctionError) -> [EdgeFunction] {
        try await transaction { transaction in
            try await FunctionRows.lock(ref, in: transaction)
            var functions: [EdgeFunction] = []
            for update in updates {
                let slug = update.slug
                let change = try FunctionRules.updated(
                    update, live: try await FunctionRows.select(slug, .live, of: ref, in: transaction),
                    bundle: try await FunctionRows.select(slug, .bundle, of: ref, in: transaction),
                    paths: [
                        .live: try await FunctionRows.paths(slug, .live, of: ref, in: transaction),
                        .bundle: try await FunctionRows.paths(slug, .bundle, of: ref, in: transaction),
                    ], at: time)
                try await FunctionRows.update(change, in: transaction)
                functions.append(change.function)
            }
            return functions
        }
    }

    /// Deletes a function with its bundle.
    public func delete(_ slug: String, of ref: ProjectRef) async throws(FunctionError) -> Bool {
        try await transaction { try await FunctionRows.delete(slug, FunctionStage.allCases, of: ref, in: $0) }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(FunctionError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch let error as FunctionError {
            throw error
        } catch {
            throw .store(PostgresProjectStore.storeError(error))
        }
    }
}
