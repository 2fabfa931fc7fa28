public import Orchestrator
import ProjectModel

/// What every ``TemplateVersionStore`` promises, beside the projects that are pinned to its versions. Tests run it on
/// the store in memory and on PostgreSQL.
public struct TemplateVersionContract: Sendable {
    private let versions: any TemplateVersionStore
    private let store: any ProjectStore
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// A contract of two empty stores that belong together.
    public init(versions: any TemplateVersionStore, projects store: any ProjectStore) {
        self.versions = versions
        self.store = store
    }

    /// Checks every promise; throws the first that is broken.
    public func run() async throws {
        try await checkContents()
        try await checkPins()
        try await checkUpgrades()
        try await checkRemoval()
    }

    private func content(_ number: Int) -> TemplateContent { FakeTemplates.content(number) }

    private func checkContents() async throws {
        let whole = TemplateContent(
            digest: content(1).digest, files: ["compose.yaml": [0, 255, 10], "volumes/a/empty": [], "b c.yml": [65]])
        try promise("a version is not there before it is stored", try await versions.content(of: whole.digest) == nil)
        try await versions.save(whole)
        try promise("a version is read back byte by byte", try await versions.content(of: whole.digest) == whole)
        try await versions.save(TemplateContent(digest: whole.digest, files: ["compose.yaml": [1]]))
        try promise("a version never changes", try await versions.content(of: whole.digest) == whole)
    }

    private func checkPins() async throws {
        let run = StoreContractRun(store: store)
        var missing = try run.project(1)
        missing.template = content(9).digest
        guard case .refused = try await run.insertionError(missing) else {
            throw ContractViolation("a project is not pinned to a version that is not stored")
        }
        var new = try run.project(1)
        new.template = content(1).digest
        new.stack = try stack("lite")
        let record = try await store.insert(new)
        try promise("a record names its stack", record.stack == new.stack)
        try promise("a record names its version", record.template == content(1).digest)
        try promise("what was pinned is read back", try await store.project(new.ref) == record)
        let isRepinned = try await store.pin(new.ref, to: content(1).digest, at: start)
        try promise("a pinned project is not pinned again", !isRepinned)
        let old = try await store.insert(try run.project(2))
        try promise(
            "a project that names neither has the first stack, and no version",
            old.stack == .supabase && old.template == nil)
        let isPinned = try await store.pin(old.ref, to: content(1).digest, at: start + .seconds(60))
        let pinned = try await store.project(old.ref)
        try promise("a project without a version is pinned", isPinned && pinned?.template == content(1).digest)
        try promise("a pin is a change of the project", pinned?.updatedAt == start + .seconds(60))
    }

    private func stack(_ text: String) throws -> StackName {
        guard let name = StackName(text) else { throw ContractViolation("\(text) is a name of a stack") }
        return name
    }

    /// Project 2 of ``checkPins()`` is upgraded twice: once to the end, once there and back.
    private func checkUpgrades() async throws {
        let run = StoreContractRun(store: store)
        let ref = ProjectRef.sample(1_002)
        try await versions.save(content(4))
        let target = ProjectUpgrade(template: content(4).digest, services: [.db, .auth])
        _ = try await run.transition(2, from: .provisioning, to: .active, seconds: 61)
        _ = try await run.transition(2, from: .active, to: .upgrading, seconds: 62) {
            $0.upgrade = target
            $0.leases = .extend(["AUTH_PORT": 20_029])
            $0.secrets = ["FRESH": [7]]
        }
        let begun = try await store.project(ref)
        try promise("an upgrade names what it is on its way to", begun?.upgrade == target)
        try promise("and leaves what was before", begun?.template == content(1).digest && begun?.services.count == 2)
        try promise("it leases more ports", begun?.leases?.ports["AUTH_PORT"] == 20_029)
        try promise("it seals more secrets", try await store.secrets(of: ref).values["FRESH"] == [7])
        try promise(
            "what an upgrade is on its way to is kept",
            try await !versions.removeUnused(keeping: []).contains(content(4).digest))
        _ = try await run.transition(2, from: .upgrading, to: .reverting, seconds: 63)
        try promise("on the way back the target is known", try await store.project(ref)?.upgrade == target)
        _ = try await run.transition(2, from: .reverting, to: .active, seconds: 64) {
            $0.leases = .keepPorts(["DB_PORT", "GATEWAY_PORT"])
        }
        let back = try await store.project(ref)
        try promise("after it, nothing has changed", back?.template == content(1).digest && back?.upgrade == nil)
        try promise("but the ports, which are given back", back?.leases?.ports.count == 2)
        let taken = try await store.leases(at: run.start + .seconds(65))
        try promise("a port given back is in quarantine", taken.ports.contains(20_029))
        _ = try await run.transition(2, from: .active, to: .upgrading, seconds: 66) { $0.upgrade = target }
        _ = try await run.transition(2, from: .upgrading, to: .active, seconds: 67)
        let done = try await store.project(ref)
        try promise("an upgrade that is done is what the project has", done?.template == target.template)
        try promise("with its services", done?.services == target.services && done?.upgrade == nil)
    }

    private func checkRemoval() async throws {
        let run = StoreContractRun(store: store)
        try await versions.save(content(2))
        try await versions.save(content(3))
        let removed = try await versions.removeUnused(keeping: [content(2).digest])
        try promise("what neither a project nor a stack uses is removed", removed == [content(3).digest])
        try promise("a removed version is gone", try await versions.content(of: content(3).digest) == nil)
        try promise("a version in use stays", try await versions.content(of: content(1).digest) != nil)
        let isChanged = try await run.transition(1, from: .provisioning, to: .failed, seconds: 70) {
            $0.template = content(2).digest
        }
        let moved = try await store.project(.sample(1_001))
        try promise("a transition may pin to another version", isChanged && moved?.template == content(2).digest)
        _ = try await run.transition(1, from: .failed, to: .deleting, seconds: 80)
        _ = try await run.transition(2, from: .active, to: .deleting, seconds: 80)
        let going = try await store.project(.sample(1_002))
        try promise("a project keeps its version while it is deleted", going?.template != nil)
        for number: UInt64 in [1, 2] {
            _ = try await run.transition(number, from: .deleting, to: .deleted, seconds: 90) {
                $0.leases = .releaseAndForgetSecrets
            }
            let gone = try await store.project(.sample(1_000 + number))
            try promise("a tombstone is pinned to none", gone?.status == .deleted && gone?.template == nil)
        }
        let rest = try await versions.removeUnused(keeping: [])
        try promise("the versions of deleted projects are removed", rest.contains(content(2).digest))
        try promise("and nothing is left", try await versions.removeUnused(keeping: []).isEmpty)
        try await versions.save(content(1))
        let isPinned = try await store.pin(.sample(1_001), to: content(1).digest, at: start)
        try promise("a tombstone cannot be pinned", !isPinned)
    }
}
