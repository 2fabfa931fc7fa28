import FunctionModel
import NotificationModel
import Orchestrator
import ProjectModel
import SnippetModel

extension EventContract {
    private static let viewer = NotificationViewer(
        account: "00000000-0000-4000-8000-00000000000a", visibility: .init(organizations: ["acme"]))
    private static let ann = ContentAuthor(
        id: "00000000-0000-4000-8000-00000000000a", number: 7, username: "ann")

    func insert(
        _ number: UInt64, into store: any ProjectStore, requestedBy: String = ""
    ) async throws -> ProjectRecord {
        guard let subnet = IPv4Network("10.78.\(number).0/27") else {
            throw ContractViolation("the contract's own subnet is one")
        }
        return try await store.insert(
            NewProject(
                ref: .sample(3_000 + number), name: try ProjectName("Event \(number)"), organizationSlug: "acme",
                region: "local", cloudProvider: "AWS", services: [.db, .gateway],
                leases: Leases(ports: ["GATEWAY_PORT": UInt16(31_000 + number)], subnet: subnet),
                secrets: SealedSecrets(wrappedKey: [1], values: [:]), requestedBy: requestedBy, at: start))
    }

    func change(
        _ ref: ProjectRef, from: ProjectStatus, to: ProjectStatus, seconds: Int64,
        _ change: (inout StatusTransition) -> Void = { _ in }
    ) async throws {
        var transition = StatusTransition(
            from: from, to: to, cause: "because of \(to.rawValue)", at: start + .seconds(seconds))
        change(&transition)
        guard try await projects.transition(ref, transition) else {
            throw ContractViolation("a transition from the present status is made")
        }
    }

    func latest(_ ref: ProjectRef) async throws -> ProjectEvent {
        guard let event = try await projects.events(of: ref, limit: 1).first else {
            throw ContractViolation("a project has a history")
        }
        return event
    }

    private func notified(about ref: ProjectRef) async throws -> [NotificationKind] {
        try await notifications.notifications(NotificationQuery(refs: [ref]), for: Self.viewer)
            .map(\.notification.draft.kind)
    }

    func checkNotifications() async throws {
        let ref = try await insert(5, into: projects).ref
        try await change(ref, from: .provisioning, to: .active, seconds: 1)
        try promise("an ordinary change of status is no news", try await notified(about: ref).isEmpty)
        try await change(ref, from: .active, to: .degraded, seconds: 2)
        try promise("a problem writes one notification", try await notified(about: ref) == [.unhealthy])
        try await change(ref, from: .degraded, to: .degraded, seconds: 3) {
            $0.failure = ProjectFailure(message: "again")
        }
        try promise("as long as it lasts", try await notified(about: ref) == [.unhealthy])
        try await change(ref, from: .degraded, to: .active, seconds: 4)
        try promise("its end writes another one", try await notified(about: ref) == [.recovered, .unhealthy])
        try await projects.note(
            [ProjectEvent(at: start, status: .active, cause: "auth was restarted", kind: .servicesRestarted)], of: ref)
        try promise("a restart writes none", try await notified(about: ref).count == 2)
    }

    func checkDeletion() async throws {
        let gone = try await insert(6, into: projects).ref
        let kept = try await insert(7, into: projects).ref
        for (number, ref) in [(1, gone), (2, kept)] {
            try await fill(ref, number)
            try await change(ref, from: .provisioning, to: .active, seconds: 1)
            try await change(ref, from: .active, to: .degraded, seconds: 2)
            try await change(ref, from: .degraded, to: .deleting, seconds: 3)
        }
        try promise("a deletion in progress takes nothing", try await holds(gone) == [true, true, true, true])
        try await change(gone, from: .deleting, to: .deleted, seconds: 4) { $0.leases = .releaseAndForgetSecrets }
        try promise(
            "nothing of a deleted project is left: snippets, folders, functions, notifications",
            try await holds(gone) == [false, false, false, false])
        try promise("others keep theirs", try await holds(kept) == [true, true, true, true])
        try promise("and its history ends with that", try await latest(gone).facts.statusAfter == .deleted)
    }

    private func fill(_ ref: ProjectRef, _ number: Int) async throws {
        _ = try await content.put(
            ContentFolder(
                id: "30000000-0000-4000-8000-00000000000\(number)", ref: ref, owner: Self.ann, parentID: nil, name: "f")
        )
        _ = try await content.put(
            ContentDraft(
                id: "20000000-0000-4000-8000-00000000000\(number)", ref: ref, kind: .sql, visibility: .user, name: "s",
                isFavorite: true), by: Self.ann, at: start)
        let files = [FunctionFile(path: "index.ts", bytes: [1])]
        for stage in FunctionStage.allCases {
            let deployment = try FunctionStoreContract.deployment("f", files, id: UInt8(number))
            _ = try await functions.put(deployment, as: stage, of: ref, at: start)
        }
    }

    /// Whether there are snippets, folders, functions and notifications of a project.
    private func holds(_ ref: ProjectRef) async throws -> [Bool] {
        let snippets = try await content.items(
            ContentQuery(viewer: Self.ann.id, refs: [ref], sort: .name, isDescending: false))
        return [
            !snippets.items.isEmpty, try await !content.folders(of: ref, owner: Self.ann.id).isEmpty,
            try await !functions.functions(of: ref).isEmpty, try await !notified(about: ref).isEmpty,
        ]
    }

    func checkRefusal() async throws {
        let before = try await insert(8, into: refusing)
        let history = try await refusing.events(of: before.ref, limit: 10)
        let operation = try await refusing.operations.openOperation(of: before.ref)
        let transition = StatusTransition(
            from: .provisioning, to: .active, cause: "refused", leases: .release, at: start + .seconds(1))
        do {
            _ = try await refusing.transition(before.ref, transition)
            throw ContractViolation("a consumer that fails fails the transition")
        } catch let error as StoreError {
            try promise("with its error", error == .refused("no"))
        }
        try promise("the project is as before", try await refusing.project(before.ref) == before)
        try promise("so is its history", try await refusing.events(of: before.ref, limit: 10) == history)
        try promise("so is its operation", try await refusing.operations.openOperation(of: before.ref) == operation)
        let other = StatusTransition(from: .provisioning, to: .starting, cause: "fine", at: start + .seconds(2))
        try promise("other transitions are made", try await refusing.transition(before.ref, other))
    }
}
