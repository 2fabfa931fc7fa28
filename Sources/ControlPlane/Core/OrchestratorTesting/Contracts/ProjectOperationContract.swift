public import Orchestrator
import ProjectModel
import Reconciler

/// What every ``ProjectStore`` promises of its operations. Tests run it on ``InMemoryProjectStore`` and on PostgreSQL.
public enum ProjectOperationContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    public static func run(on store: any ProjectStore) async throws {
        let run = StoreContractRun(store: store)
        let ref = try run.project(1).ref
        var new = try run.project(1)
        new.requestedBy = "user@example.com"
        _ = try await store.insert(new)
        let creation = try await checkBeginning(store, ref: ref, at: new.at)
        try await checkProgress(store, creation)
        try promise("a transition is made", try await run.transition(1, from: .provisioning, to: .active, seconds: 10))
        let ended = try await store.operations.operation(creation.id, of: ref)
        try promise("an operation ends with the transition", ended?.state == .succeeded && ended?.result != nil)
        try promise("at its time", ended?.finishedAt == run.start + .seconds(10))
        try promise("what has ended waits for nothing", ended?.progress.waitingFor == nil)
        try promise("and is not open", try await store.operations.openOperation(of: ref) == nil)
        try await store.operations.note(OperationProgress(attempts: 9, deadline: run.start), of: creation.id)
        try promise(
            "ended operations are unchanged", try await store.operations.operation(creation.id, of: ref) == ended)
        try await checkSuccession(run, ref)
    }

    private static func checkBeginning(
        _ store: any ProjectStore, ref: ProjectRef, at: Timestamp
    ) async throws -> ProjectOperation {
        guard let creation = try await store.operations.openOperation(of: ref) else {
            throw ContractViolation("a new project has an operation")
        }
        try promise("it is its creation", creation.kind == .create && creation.state == .pending)
        try promise(
            "it has the requester and the time",
            creation.requestedBy == "user@example.com" && creation.requestedAt == at
        )
        try promise("it has a deadline", creation.progress.deadline == at + ProjectOperationKind.create.deadline)
        try promise("it is found by its id", try await store.operations.operation(creation.id, of: ref) == creation)
        try promise("of its project only", try await store.operations.operation(creation.id, of: .sample(999)) == nil)
        return creation
    }

    private static func checkProgress(_ store: any ProjectStore, _ operation: ProjectOperation) async throws {
        let progress = OperationProgress(
            attempts: 2, deadline: operation.requestedAt + .seconds(5), waitingFor: "db is not ready", service: .db,
            lastCall: "db StartContainer", lastError: "refused", nextRetryAt: operation.requestedAt + .seconds(1))
        try await store.operations.note(progress, of: operation.id)
        let noted = try await store.operations.operation(operation.id, of: operation.ref)
        try promise("progress is kept as it was noted", noted?.progress == progress)
        try promise("what was begun with is running", noted?.state == .running)
    }

    private static func checkSuccession(_ run: StoreContractRun, _ ref: ProjectRef) async throws {
        let store = run.store
        let pause = NewOperation(.pause, requestedBy: "a")
        _ = try await run.transition(1, from: .active, to: .pausing, seconds: 20) { $0.opens = pause }
        try promise(
            "a transition begins an operation", try await store.operations.openOperation(of: ref)?.id == pause.id)
        let resume = NewOperation(.resume, requestedBy: "b")
        let isMissed = try await run.transition(1, from: .active, to: .resuming, seconds: 30) { $0.opens = resume }
        try promise("a transition that is not made begins none", !isMissed)
        try promise("nor ends any", try await store.operations.openOperation(of: ref)?.id == pause.id)
        let isOther = try await run.transition(1, from: .pausing, to: .resuming, seconds: 30) {
            $0.opens = resume
            $0.cancels = resume.id
        }
        try promise("what cancels another operation than the one in progress is not made", !isOther)
        try promise("and ends none", try await store.operations.openOperation(of: ref)?.id == pause.id)
        _ = try await run.transition(1, from: .pausing, to: .resuming, seconds: 30) {
            $0.opens = resume
            $0.cancels = pause.id
        }
        let list = try await store.operations.operations(of: ref, limit: 2)
        try promise("the newest comes first", list.map(\.id) == [resume.id, pause.id])
        try promise("what was taken back is cancelled", list.map(\.state) == [.pending, .cancelled])
        let delete = NewOperation(.delete, requestedBy: "c")
        _ = try await run.transition(1, from: .resuming, to: .deleting, seconds: 40) { $0.opens = delete }
        let states = try await store.operations.operations(of: ref, limit: 10).map(\.state)
        try promise("a later request supersedes", states == [.pending, .superseded, .cancelled, .succeeded])
    }
}
