public import Orchestrator
import ProjectModel
import Synchronization

/// Notifications in memory, under the same rules as in PostgreSQL; ``NotificationStoreContract`` holds both to them.
public final class InMemoryNotificationStore: NotificationStore, Revertible {
    private struct Kept {
        let notification: ProjectNotification
        var statuses: [String: NotificationStatus] = [:]

        func entry(for account: String) -> NotificationEntry {
            NotificationEntry(notification: notification, status: statuses[account] ?? .new)
        }
    }

    private struct State {
        /// The latest first.
        var kept: [Kept] = []
        var lastNumber = 0

        mutating func dropOldest(of organization: String) {
            let own = kept.indices.filter { kept[$0].notification.organizationSlug == organization }
            for index in own.dropFirst(NotificationStep.keptMax).reversed() { kept.remove(at: index) }
        }
    }

    private let state = Mutex(State())

    /// An empty store.
    public init() {}

    /// Those that the viewer sees and the query wants.
    public func notifications(
        _ query: NotificationQuery, for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry] {
        let entries = state.withLock { $0.kept.filter { viewer.sees($0.notification) } }.map {
            $0.entry(for: viewer.account)
        }
        return Array(entries.filter(query.wants).dropFirst(query.offset).prefix(query.limit))
    }

    /// Counts what is new.
    public func summary(for viewer: NotificationViewer) async throws(StoreError) -> NotificationSummary {
        let new = try await notifications(NotificationQuery(limit: .max, statuses: [.new]), for: viewer)
        let priorities = Set(new.map(\.notification.draft.kind.priority))
        return NotificationSummary(
            unread: new.count, hasCritical: priorities.contains(.critical),
            hasWarning: priorities.contains(.warning))
    }

    /// Sets the status of those that the viewer sees.
    public func mark(
        _ marks: [String: NotificationStatus], for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry] {
        state.withLock { state in
            var marked: [NotificationEntry] = []
            for index in state.kept.indices {
                let notification = state.kept[index].notification
                guard let status = marks[notification.id], viewer.sees(notification) else { continue }
                state.kept[index].statuses[viewer.account] = status
                marked.append(state.kept[index].entry(for: viewer.account))
            }
            return marked
        }
    }

    /// Archives all that the viewer sees.
    public func archiveAll(for viewer: NotificationViewer) async throws(StoreError) {
        state.withLock { state in
            for index in state.kept.indices where viewer.sees(state.kept[index].notification) {
                state.kept[index].statuses[viewer.account] = .archived
            }
        }
    }

    /// Does what the transition means.
    public func note(_ transition: StatusTransition, of project: ProjectRecord) async throws(StoreError) {
        noteNow(transition, of: project)
    }

    /// The same inside a transaction.
    public func noteNow(_ transition: StatusTransition, of project: ProjectRecord) {
        state.withLock { state in
            let own = state.kept.filter { $0.notification.ref == project.ref }
            let history = own.map { kept in
                NotificationMark(kind: kept.notification.draft.kind, at: kept.notification.insertedAt)
            }
            switch NotificationStep(for: transition, of: project.name.text, after: history) {
            case .nothing: break
            case .forgetAll: state.kept.removeAll { $0.notification.ref == project.ref }
            case .withdrawLatest: state.kept.removeAll { $0.notification.id == own.first?.notification.id }
            case .add(let draft):
                state.lastNumber += 1
                let digits = String(state.lastNumber)
                let id =
                    "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
                let notification = ProjectNotification(
                    id: id, organizationSlug: project.organizationSlug, ref: project.ref, draft: draft,
                    insertedAt: transition.at)
                state.kept.insert(Kept(notification: notification), at: 0)
                state.dropOldest(of: project.organizationSlug)
            }
        }
    }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0.kept }
        return { [self] in state.withLock { $0.kept = copy } }
    }
}

extension NotificationViewer {
    fileprivate func sees(_ notification: ProjectNotification) -> Bool {
        visibility.includes(notification.ref, of: notification.organizationSlug)
    }
}

extension NotificationQuery {
    fileprivate func wants(_ entry: NotificationEntry) -> Bool {
        statuses?.contains(entry.status) ?? true
            && priorities?.contains(entry.notification.draft.kind.priority) ?? true
            && organizations?.contains(entry.notification.organizationSlug) ?? true
            && refs?.contains(entry.notification.ref) ?? true
    }
}
