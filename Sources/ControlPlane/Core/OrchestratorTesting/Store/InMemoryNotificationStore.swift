public import NotificationModel
public import Orchestrator
import ProjectModel

/// The table of an ``InMemoryNotificationStore``.
struct NotificationTable: Sendable {
    struct Kept: Sendable {
        let notification: ProjectNotification
        var statuses: [String: NotificationStatus] = [:]

        func entry(for account: String) -> NotificationEntry {
            NotificationEntry(notification: notification, status: statuses[account] ?? .new)
        }
    }

    /// The latest first.
    var kept: [Kept] = []
    private var lastNumber = 0

    /// What was said about a project, newest first.
    func marks(of ref: ProjectRef) -> [NotificationMark] {
        kept.lazy.map(\.notification).filter { $0.ref == ref }
            .map { NotificationMark(kind: $0.draft.kind, at: $0.insertedAt) }
    }

    mutating func apply(_ step: NotificationStep, of project: ProjectRecord, at time: Timestamp) {
        switch step {
        case .nothing: break
        case .forgetAll: kept.removeAll { $0.notification.ref == project.ref }
        case .withdrawLatest:
            if let latest = kept.firstIndex(where: { $0.notification.ref == project.ref }) { kept.remove(at: latest) }
        case .add(let draft):
            lastNumber += 1
            let digits = String(lastNumber)
            let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
            let notification = ProjectNotification(
                id: id, organizationSlug: project.organizationSlug, ref: project.ref, draft: draft, insertedAt: time)
            kept.insert(Kept(notification: notification), at: 0)
            dropOldest(of: project.organizationSlug)
        }
    }

    private mutating func dropOldest(of organization: String) {
        let own = kept.indices.filter { kept[$0].notification.organizationSlug == organization }
        for index in own.dropFirst(NotificationStep.keptMax).reversed() { kept.remove(at: index) }
    }
}

/// Notifications in memory, under the same rules as in PostgreSQL; ``NotificationStoreContract`` holds both to them.
public final class InMemoryNotificationStore: NotificationStore, Revertible {
    private let projects: InMemoryProjectStore

    /// The notifications of a database, which is empty unless it is named.
    public init(in projects: InMemoryProjectStore = InMemoryProjectStore()) { self.projects = projects }

    private func withTable<Value: Sendable>(_ body: (inout NotificationTable) -> Value) -> Value {
        projects.withTables { body(&$0.notifications) }
    }

    /// Those that the viewer sees and the query wants.
    public func notifications(
        _ query: NotificationQuery, for viewer: NotificationViewer
    ) async throws(StoreError) -> [NotificationEntry] {
        let entries = withTable { $0.kept.filter { viewer.sees($0.notification) } }.map {
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
        withTable { table in
            var marked: [NotificationEntry] = []
            for index in table.kept.indices {
                let notification = table.kept[index].notification
                guard let status = marks[notification.id], viewer.sees(notification) else { continue }
                table.kept[index].statuses[viewer.account] = status
                marked.append(table.kept[index].entry(for: viewer.account))
            }
            return marked
        }
    }

    /// Archives all that the viewer sees.
    public func archiveAll(for viewer: NotificationViewer) async throws(StoreError) {
        withTable { table in
            for index in table.kept.indices where viewer.sees(table.kept[index].notification) {
                table.kept[index].statuses[viewer.account] = .archived
            }
        }
    }

    /// Does what the event means.
    public func note(_ event: ProjectEvent, of project: ProjectRecord) async throws(StoreError) {
        withTable { table in
            let step = NotificationStep(for: event, of: project.name.text, after: table.marks(of: project.ref))
            table.apply(step, of: project, at: event.at)
        }
    }

    /// Returns a closure that restores the present table.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = withTable { $0 }
        return { [self] in withTable { $0 = copy } }
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
