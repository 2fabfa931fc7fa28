public import NotificationModel
public import Orchestrator
import ProjectModel

/// What every ``NotificationStore`` promises. Tests run it on ``InMemoryNotificationStore`` and on PostgreSQL.
public enum NotificationStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    ///
    /// - Parameter projects: two projects of one organization, and one of another, which the store's database knows.
    public static func run(on store: any NotificationStore, projects: [ProjectRecord]) async throws {
        guard projects.count == 3 else { throw ContractViolation("the contract needs three projects") }
        let run = NotificationContractRun(store: store, one: projects[0], two: projects[1], other: projects[2])
        try await run.checkArrival()
        try await run.checkMarks()
        try await run.checkFlapping()
        try await run.checkPages()
        try await run.checkEnd()
    }
}

private struct NotificationContractRun {
    let store: any NotificationStore
    let one: ProjectRecord
    let two: ProjectRecord
    let other: ProjectRecord
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    func viewer(_ account: String, refs: Set<ProjectRef> = []) -> NotificationViewer {
        guard !refs.isEmpty else {
            return NotificationViewer(account: account, visibility: .init(organizations: [one.organizationSlug]))
        }
        let seen = [one, two, other].filter { refs.contains($0.ref) }
        let projects = Dictionary(grouping: seen, by: \.organizationSlug).mapValues { Set($0.map(\.ref)) }
        return NotificationViewer(account: account, visibility: .init(organizations: [], projects: projects))
    }

    func note(
        _ project: ProjectRecord, from: ProjectStatus, to: ProjectStatus, seconds: Int64,
        failure: ProjectFailure? = nil
    ) async throws {
        try await store.note(
            StatusTransition(
                from: from, to: to, cause: "a cause", failure: failure, at: start + .seconds(seconds)
            ).event(), of: project)
    }

    func kinds(_ viewer: NotificationViewer) async throws -> [NotificationKind] {
        try await kinds(NotificationQuery(), viewer)
    }

    func kinds(_ query: NotificationQuery, _ viewer: NotificationViewer) async throws -> [NotificationKind] {
        try await store.notifications(query, for: viewer).map(\.notification.draft.kind)
    }

    func checkArrival() async throws {
        try await note(one, from: .provisioning, to: .starting, seconds: 1)
        try promise("an ordinary transition is no news", try await kinds(viewer("a")).isEmpty)
        let failure = ProjectFailure(service: ServiceName("db"), message: "db ended with 1", logTail: "secret log")
        try await note(one, from: .rollingBack, to: .failed, seconds: 2, failure: failure)
        try await note(other, from: .rollingBack, to: .failed, seconds: 3, failure: failure)
        let seen = try await store.notifications(NotificationQuery(), for: viewer("a"))
        try promise("a failed start is shown to those who see the project", seen.count == 1)
        guard let entry = seen.first else { return }
        try promise("a notification is new at first", entry.status == .new)
        try promise("a notification names its project", entry.notification.ref == one.ref)
        try promise(
            "a notification stands in its organization", entry.notification.organizationSlug == one.organizationSlug)
        try promise("a notification keeps its time", entry.notification.insertedAt == start + .seconds(2))
        try promise("a notification has the reason", entry.notification.draft.message.contains("db ended with 1"))
        try promise("a notification holds no log", !entry.notification.draft.message.contains("secret log"))
        try promise(
            "an identifier is a UUID in lower case",
            entry.notification.id.count == 36 && entry.notification.id == entry.notification.id.lowercased())
        let single = viewer("a", refs: [other.ref])
        try promise(
            "a viewer of one project sees its notifications only",
            try await store.notifications(NotificationQuery(), for: single).map(\.notification.ref) == [other.ref])
        try promise("a viewer without projects sees none", try await kinds(viewer("a", refs: [two.ref])).isEmpty)
        let pretender = NotificationViewer(
            account: "a", visibility: .init(organizations: [], projects: [one.organizationSlug: [other.ref]]))
        try promise(
            "a ref named under an organization that is not its own shows nothing", try await kinds(pretender).isEmpty)
    }

    func checkMarks() async throws {
        let me = viewer("a")
        try promise(
            "the summary counts what is new",
            try await store.summary(for: me) == .init(unread: 1, hasCritical: true, hasWarning: false))
        let foreign = try await store.notifications(NotificationQuery(), for: viewer("a", refs: [other.ref]))
        guard let mine = try await store.notifications(NotificationQuery(), for: me).first,
            let hidden = foreign.first
        else { throw ContractViolation("what was noted is there") }
        let marked = try await store.mark(
            [mine.notification.id: .seen, hidden.notification.id: .archived], for: me)
        try promise("marks are answered for what one sees", marked.map(\.status) == [.seen])
        try promise(
            "what one does not see is not marked",
            try await store.notifications(NotificationQuery(), for: viewer("a", refs: [other.ref])).map(\.status)
                == [.new])
        try promise("marks are one account's own", try await store.summary(for: viewer("b")).unread == 1)
        try promise("what was seen is not new", try await store.summary(for: me).unread == 0)
        try promise("the status filters", try await kinds(NotificationQuery(statuses: [.new]), me).isEmpty)
        try promise(
            "several statuses filter", try await kinds(NotificationQuery(statuses: [.new, .seen]), me).count == 1)
        try await store.archiveAll(for: me)
        try await store.archiveAll(for: me)
        try promise(
            "everything can be archived", try await kinds(NotificationQuery(statuses: [.archived]), me).count == 1)
        try promise("archiving is one account's own", try await store.summary(for: viewer("b")).unread == 1)
    }

    func checkFlapping() async throws {
        let me = viewer("a", refs: [two.ref])
        try await note(two, from: .active, to: .degraded, seconds: 10)
        try await note(two, from: .degraded, to: .degraded, seconds: 11)
        try await note(two, from: .degraded, to: .active, seconds: 20)
        try promise("a failure and its end are two", try await kinds(me) == [.recovered, .unhealthy])
        try await note(two, from: .active, to: .degraded, seconds: 30)
        try promise("a failure that is back at once takes back the end", try await kinds(me) == [.unhealthy])
        try await note(two, from: .degraded, to: .active, seconds: 40)
        try await note(two, from: .active, to: .degraded, seconds: 40 + 15 * 60)
        try promise("later it is news", try await kinds(me) == [.unhealthy, .recovered, .unhealthy])
        try promise(
            "priorities filter", try await kinds(NotificationQuery(priorities: [.info, .critical]), me) == [.recovered])
        try promise(
            "organizations filter",
            try await kinds(NotificationQuery(organizations: [other.organizationSlug]), me) == [])
        try promise("projects filter", try await kinds(NotificationQuery(refs: [one.ref]), viewer("a")).count == 1)
        try promise(
            "the summary counts warnings",
            try await store.summary(for: me) == .init(unread: 3, hasCritical: false, hasWarning: true))
    }

    func checkPages() async throws {
        let me = viewer("a", refs: [two.ref])
        try promise("a page has its size", try await kinds(NotificationQuery(limit: 1), me) == [.unhealthy])
        try promise(
            "a page has its place",
            try await kinds(NotificationQuery(limit: 2, offset: 1), me) == [.recovered, .unhealthy])
        try promise("behind the last there is nothing", try await kinds(NotificationQuery(offset: 3), me).isEmpty)
    }

    func checkEnd() async throws {
        try await note(two, from: .deleting, to: .deleted, seconds: 5_000)
        try promise(
            "a deleted project is not spoken of", try await kinds(viewer("a", refs: [two.ref])).isEmpty)
        try promise("others are", try await kinds(viewer("a")).count == 1)
    }
}
