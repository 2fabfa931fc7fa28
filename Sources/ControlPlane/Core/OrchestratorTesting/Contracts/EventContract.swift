public import EventConsumers
public import FunctionModel
public import NotificationModel
public import Orchestrator
import ProjectModel
import Reconciler
public import SnippetModel

/// What every store promises about events: each has its facts, and what consumers make of one is in its transaction.
/// Tests run it on the stores in memory and on PostgreSQL.
public struct EventContract: Sendable {
    /// Organizations that must exist.
    public static let organizations = ["acme"]

    let projects: any ProjectStore & ProjectEventFeed
    let content: any ContentStore
    let functions: any FunctionStore
    let notifications: any NotificationStore
    let refusing: any ProjectStore

    let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// Stores of one empty database.
    ///
    /// - Parameter refusing: A store of projects with ``refusal`` behind the consumers of the program, of this database
    ///   or another one.
    public init(
        projects: any ProjectStore & ProjectEventFeed, content: any ContentStore, functions: any FunctionStore,
        notifications: any NotificationStore, refusing: any ProjectStore
    ) {
        self.projects = projects
        self.content = content
        self.functions = functions
        self.notifications = notifications
        self.refusing = refusing
    }

    /// A consumer that refuses that a project becomes ACTIVE.
    public static let refusal: any EventConsumer = RefusingConsumer()

    /// Checks every promise; throws the first that is broken.
    public func run() async throws {
        try await checkTransitions()
        try await checkRestarts()
        try await checkOrder()
        try await checkWithoutFacts()
        try await checkNotifications()
        try await checkDeletion()
        try await checkRefusal()
    }

    // MARK: Facts

    private func checkTransitions() async throws {
        let ref = try await insert(1, into: projects, requestedBy: "ann@example.com").ref
        let created = try await latest(ref)
        let creation = try await projects.operations.openOperation(of: ref)
        try promise("the first event says that the project was created", created.kind == .created)
        try promise("and its status", created.facts.statusBefore == nil && created.facts.statusAfter == .provisioning)
        try promise(
            "and the operation with its requester",
            created.facts.operation == creation?.id && created.facts.actor == "ann@example.com")
        try await change(ref, from: .provisioning, to: .starting, seconds: 1)
        let started = try await latest(ref)
        try promise(
            "an event has the status before and after",
            started.kind == .statusChanged && started.facts.statusBefore == .provisioning
                && started.facts.statusAfter == .starting)
        try promise(
            "what is done for an operation belongs to it",
            started.facts.operation == creation?.id && started.facts.actor == "ann@example.com")
        try await change(ref, from: .starting, to: .active, seconds: 2)
        try promise("the end of an operation, too", try await latest(ref).facts.operation == creation?.id)
        let failure = ProjectFailure(service: .auth, message: "it \"ended\"\u{2028}ü", logTail: "the end of its log")
        try await change(ref, from: .active, to: .degraded, seconds: 3) { $0.failure = failure }
        let degraded = try await latest(ref)
        try promise(
            "without an operation there is none, and nobody asked",
            degraded.facts.operation == nil && degraded.facts.actor == nil)
        try promise(
            "a failure is one of the facts, without the log",
            degraded.facts.failure == ProjectFailure(service: .auth, message: "it \"ended\"\u{2028}ü"))
        try await change(ref, from: .degraded, to: .degraded, seconds: 4) { $0.requester = "ben@example.com" }
        let noted = try await latest(ref)
        try promise(
            "what is recorded without another status is no change of it",
            noted.kind == .stateNoted && noted.facts.statusBefore == .degraded && noted.facts.statusAfter == .degraded)
        try promise("a requester without an operation is named", noted.facts.actor == "ben@example.com")
        let pause = NewOperation(.pause, requestedBy: "cleo@example.com")
        try await change(ref, from: .degraded, to: .pausing, seconds: 5) { $0.opens = pause }
        let pausing = try await latest(ref)
        try promise(
            "an event belongs to the operation that it begins",
            pausing.facts.operation == pause.id && pausing.facts.actor == "cleo@example.com")
        try promise("the sentence is what it was", pausing.cause == "because of PAUSING")
    }

    private func checkRestarts() async throws {
        let ref = try await insert(2, into: projects).ref
        var facts = EventFacts()
        facts.operation = "00000000-0000-4000-8000-000000000001"
        facts.actor = "ann@example.com"
        facts.restart = .startedAgain
        facts.services = [
            ServiceFacts(service: .auth, container: "c1", exitCode: 137, isOutOfMemory: true, attempts: 3),
            ServiceFacts(service: .rest),
        ]
        let restart = ProjectEvent(
            at: start + .seconds(1), status: .active, cause: "auth, rest were started again: they ended",
            kind: .servicesRestarted, facts: facts)
        facts = EventFacts()
        facts.image = "example/image:1"
        let pull = ProjectEvent(
            at: start + .seconds(2), status: .active, cause: "image example/image:1 was pulled", kind: .imagePulled,
            facts: facts)
        facts = EventFacts()
        facts.services = (0..<EventFacts.servicesMax + 5).map { ServiceFacts(service: .db, attempts: $0) }
        facts.image = String(repeating: "ü\0", count: EventFacts.nameLengthMax)
        let long = ProjectEvent(
            at: start + .seconds(3), status: .active, cause: "long", kind: .imagePulled, facts: facts)
        try await projects.note([restart, pull, long], of: ref)
        try promise(
            "facts are read as they were written",
            try await projects.events(of: ref, limit: 3) == [long, pull, restart])
        try promise(
            "facts have bounds",
            long.facts.services.count == EventFacts.servicesMax
                && long.facts.image == String(repeating: "ü", count: EventFacts.nameLengthMax))
    }

    private func checkOrder() async throws {
        let ref = try await insert(3, into: projects).ref
        let last = try await projects.events(of: ref, after: 0, limit: 10).last?.number ?? 0
        let notes = (1...5).map { number in
            ProjectEvent(at: start, status: .provisioning, cause: "\(number)", kind: .imagePulled)
        }
        try await projects.note(notes, of: ref)
        let written = try await projects.events(of: ref, after: last, limit: 10)
        try promise("events of one transaction are there in their order", written.map(\.event) == notes)
        try promise("and numbered in it", zip(written, written.dropFirst()).allSatisfy { $0.number < $1.number })
    }

    private func checkWithoutFacts() async throws {
        let ref = try await insert(4, into: projects).ref
        let old = ProjectEvent(at: start, status: .active, cause: "from before events had facts")
        try await projects.note([old], of: ref)
        let read = try await latest(ref)
        try promise("an event without kind and facts is read", read == old && read.kind == .unknown)
        try promise("and has none", read.facts == EventFacts())
    }
}

private struct RefusingConsumer: EventConsumer {
    func isConcerned(by event: ProjectEvent) -> Bool { true }

    func effects(of event: ProjectEvent, on project: EventSubject) throws(StoreError) -> [EventEffect] {
        guard event.facts.statusAfter != .active else { throw .refused("no") }
        return []
    }
}
