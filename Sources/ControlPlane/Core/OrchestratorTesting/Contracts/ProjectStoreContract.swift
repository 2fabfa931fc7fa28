public import Orchestrator
import ProjectModel

/// What every ``ProjectStore`` promises. Tests run it on ``InMemoryProjectStore`` and on PostgreSQL.
public enum ProjectStoreContract {
    /// Longest quarantine that a store may have; the contract checks again after it.
    public static let quarantineMax: Duration = .seconds(86_400)

    /// Organizations that must exist where the contract is checked.
    public static let organizations = ["acme", "other"]
    /// An organization that must not exist.
    public static let missingOrganization = "gone"

    /// Checks every promise on an empty store; throws the first that is broken. What it stored stays there.
    public static func run(on store: any ProjectStore) async throws {
        let run = StoreContractRun(store: store)
        try await store.ping()
        try await run.checkInsertion()
        try await run.checkUniqueness()
        try await run.checkMoves()
        try await run.checkReplacements()
        try await run.checkConfiguration()
        try await run.checkRestarts()
        try await run.checkTrial()
        try await run.checkRelease()
        try await run.checkPages()
        try await run.checkEditions()
        try await run.checkDeletion()
        try await run.checkLimit()
    }
}

struct StoreContractRun {
    let store: any ProjectStore
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    func project(
        _ number: UInt64, name: String? = nil, organization: String = "acme", ports: [UInt16]? = nil,
        subnet: String? = nil
    ) throws -> NewProject {
        guard let network = IPv4Network(subnet ?? "10.77.\(number).0/27") else {
            throw ContractViolation("the contract's own subnet is one")
        }
        let base = UInt16(20_000 + number * 10)
        let numbers = ports ?? [base, base + 1]
        return NewProject(
            ref: .sample(1_000 + number), name: try ProjectName(name ?? "Project \(number)"),
            organizationSlug: organization, region: "local", cloudProvider: "AWS", services: [.db, .gateway],
            leases: Leases(ports: ["DB_PORT": numbers[0], "GATEWAY_PORT": numbers[1]], subnet: network),
            secrets: SealedSecrets(wrappedKey: [1, 2, 0, 255], values: ["JWT_SECRET": [0, 255, 10], "EMPTY": []]),
            at: start + .seconds(Int64(number)))
    }

    func error(_ body: () async throws(StoreError) -> Void) async throws -> StoreError {
        do { try await body() } catch { return error }
        throw ContractViolation("the call must be refused")
    }

    func insertionError(_ project: NewProject) async throws -> StoreError {
        try await error { () async throws(StoreError) in _ = try await store.insert(project) }
    }

    func checkInsertion() async throws {
        let new = try project(1)
        let record = try await store.insert(new)
        try promise("a new project is PROVISIONING", record.status == .provisioning)
        try promise("a record holds what was inserted", record.name == new.name && record.ref == new.ref)
        try promise("a record holds its leases", record.leases == new.leases)
        try promise("a record holds its services", Set(record.services) == Set(new.services))
        try promise(
            "times are kept to the millisecond",
            record.insertedAt == new.at && record.updatedAt == new.at && record.statusChangedAt == new.at)
        try promise("what was inserted is read back", try await store.project(new.ref) == record)
        try promise("secrets are read back byte by byte", try await store.secrets(of: new.ref) == new.secrets)
        try promise("a project is listed with its outline", try await store.outlines() == [new.ref: record.outline])
        try promise("nothing is known of others", try await store.project(.sample(999)) == nil)
        let missing = try await error { () async throws(StoreError) in _ = try await store.secrets(of: .sample(999)) }
        try promise("secrets of an unknown project are notFound", missing == .notFound(.sample(999)))
        let events = try await store.events(of: new.ref, limit: 10)
        try promise("the history begins with PROVISIONING", events.map(\.status) == [.provisioning])
    }

    func checkUniqueness() async throws {
        let taken = try await store.leases(at: start)
        for (text, rival) in [
            ("a port", try project(2, ports: [20_010, 29_999])), ("a subnet", try project(2, subnet: "10.77.1.0/27")),
            ("part of a subnet", try project(2, subnet: "10.77.1.0/24")),
        ] {
            let error = try await insertionError(rival)
            try promise("\(text) that is leased is refused as leaseTaken", error == .leaseTaken)
            try promise("a refused project is not there", try await store.project(rival.ref) == nil)
        }
        var sameRef = try project(3)
        sameRef.ref = .sample(1_001)
        try promise("a ref is given once", try await insertionError(sameRef) == .leaseTaken)
        guard case .nameTaken("PROJECT 1") = try await insertionError(try project(2, name: "PROJECT 1")) else {
            throw ContractViolation("a taken name is refused in any case of its letters, and named")
        }
        let homeless = try project(3, organization: ProjectStoreContract.missingOrganization)
        try promise(
            "a project needs an organization that exists",
            try await insertionError(homeless) == .organizationGone(ProjectStoreContract.missingOrganization))
        try promise("a refused project leaves no lease", try await store.leases(at: start) == taken)
        _ = try await store.insert(try project(2, name: "Project 1", organization: "other"))
    }

    func transition(
        _ number: UInt64, from: ProjectStatus, to: ProjectStatus, seconds: Int64,
        change: (inout StatusTransition) -> Void = { _ in }
    ) async throws -> Bool {
        var transition = StatusTransition(
            from: from, to: to, cause: "because of \(to.rawValue)", at: start + .seconds(seconds))
        change(&transition)
        return try await store.transition(.sample(1_000 + number), transition)
    }

    func record(_ number: UInt64) async throws -> ProjectRecord {
        guard let record = try await store.project(.sample(1_000 + number)) else {
            throw ContractViolation("a stored project is found")
        }
        return record
    }
}
