import Orchestrator
import ProjectModel
import Reconciler

extension StoreContractRun {
    private func settings() async throws -> [String: [UInt8]] {
        try await store.configuration(of: .sample(1_002)).settings
    }

    /// A change that is tried; false when the store refuses it.
    private func attempt(_ settings: [String: [UInt8]?], seconds: Int) async throws -> Bool {
        var change = ConfigurationChange(
            from: try await store.configuration(of: .sample(1_002)).revision, at: start + .seconds(seconds))
        change.settings = settings
        change.trial = NewOperation(.settingsChange, requestedBy: "a@b.c")
        return try await store.change(.sample(1_002), change)
    }

    /// Settings on trial of project 2, which is ACTIVE before and afterwards.
    func checkTrial() async throws {
        let before = try await settings()
        let ref = try await record(2).ref
        try promise("a change of an ACTIVE project is tried", try await attempt(["A": [1], "B": [2]], seconds: 100))
        let tried = try await record(2)
        try promise(
            "it is RESTARTING with it",
            tried.status == .restarting && tried.statusChangedAt == start + .seconds(100))
        try promise("the change is in force", try await settings() == before.merging(["A": [1], "B": [2]]) { $1 })
        let operation = try await store.operations.openOperation(of: ref)
        try promise(
            "its operation is in progress", operation?.kind == .settingsChange && operation?.requestedBy == "a@b.c")
        try promise("a second one is refused meanwhile", try await !attempt(["A": [9]], seconds: 101))
        try promise("and changes nothing", try await settings()["A"] == [1])
        _ = try await transition(2, from: .restarting, to: .active, seconds: 110)
        let ended = try await store.operations.operations(of: ref, limit: 1).first
        try promise("the transition to ACTIVE ends it well", ended?.id == operation?.id && ended?.state == .succeeded)

        try promise("it is tried again", try await attempt(["A": [3], "B": nil, "C": [4]], seconds: 120))
        let revision = try await store.configuration(of: ref).revision
        let isBack = try await transition(2, from: .restarting, to: .restarting, seconds: 130) {
            $0.restoresSettings = true
            $0.opens = NewOperation(.restart, requestedBy: "")
        }
        try promise("the transition that takes it back is made", isBack)
        try promise(
            "what was replaced, removed or added is as it was",
            try await settings() == before.merging(["A": [1], "B": [2]]) { $1 })
        let restored = try await store.configuration(of: ref).revision
        try promise("that is a further change", restored == revision + 1)
        try promise("which the record has", try await record(2).configurationRevision == restored)
        let operations = try await store.operations.operations(of: ref, limit: 2)
        try promise(
            "the way back is in progress, and the change has failed", operations.map(\.state) == [.pending, .failed])
        try promise("with the reason", operations.last?.result == "because of RESTARTING")
        let again = try await transition(2, from: .restarting, to: .restarting, seconds: 140) {
            $0.restoresSettings = true
        }
        let left = try await settings()
        try promise("nothing is left to take back", again && left["A"] == [1])
        _ = try await transition(2, from: .restarting, to: .active, seconds: 150)
        try promise("what is forgotten does not come back", try await settings()["A"] == [1])
    }
}
