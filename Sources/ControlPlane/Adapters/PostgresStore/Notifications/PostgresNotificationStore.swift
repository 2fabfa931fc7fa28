public import NotificationModel
public import Orchestrator
public import PostgresKit

/// Notifications in PostgreSQL.
public struct PostgresNotificationStore: NotificationStore {
    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Selects what the viewer sees.
    public func notifications(
        _ query: NotificationQuery, for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry] {
        try await transaction { try await NotificationRows.select(query, for: viewer, in: $0) }
    }

    /// Counts what is new.
    public func summary(for viewer: NotificationViewer) async throws(StoreError) -> NotificationSummary {
        try await transaction { try await NotificationRows.summary(for: viewer, in: $0) }
    }

    /// Sets the status of those that the viewer sees.
    public func mark(
        _ marks: [String: NotificationStatus], for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry] {
        try await transaction { try await NotificationRows.mark(marks, for: viewer, in: $0) }
    }

    /// Archives all that the viewer sees.
    public func archiveAll(for viewer: NotificationViewer) async throws(StoreError) {
        try await transaction { try await NotificationRows.archiveAll(for: viewer, in: $0) }
    }

    /// Does what the event means.
    public func note(_ event: ProjectEvent, of project: ProjectRecord) async throws(StoreError) {
        try await transaction { transaction in
            guard let locked = try await ProjectRows.lock(project.ref, in: transaction) else { return }
            let step = NotificationStep(
                for: event, of: locked.name, after: try await NotificationRows.marks(of: project.ref, in: transaction))
            try await NotificationRows.apply(
                step, of: project.ref, in: locked.organizationSlug, at: event.at, transaction)
        }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}
