public import ConsistencyModel
public import Orchestrator
import ProjectModel

/// What every ``StoreInspection`` promises about the projects of the store that it belongs to.
public enum StoreInspectionContract {
    /// Checks every promise on an empty store, and leaves a deleted project behind that holds nothing; throws the first
    /// promise that is broken.
    public static func run(on store: some ProjectStore & StoreInspection) async throws {
        try promise("the version is PostgreSQL's number", try await store.databaseVersion() >= 100_000)
        try promise("an empty store has no leases", try await store.leaseHolders(limit: 10).isEmpty)
        guard let subnet = IPv4Network("10.78.0.0/27") else {
            throw ContractViolation("the contract's own subnet is one")
        }
        let new = NewProject(
            ref: .sample(2_000), name: try ProjectName("Held"), organizationSlug: "acme", region: "local",
            cloudProvider: "AWS", services: [.db],
            leases: Leases(ports: ["DB_PORT": 20_900, "GATEWAY_PORT": 20_901], subnet: subnet),
            secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: Timestamp(milliseconds: 1_000))
        _ = try await store.insert(new)
        let holders = try await store.leaseHolders(limit: 10)
        try promise("each port and the subnet have a holder", holders.count == 3)
        for thing in [LeaseHolder.Thing.port(20_900), .port(20_901), .subnet(subnet)] {
            try promise(
                "a lease has its project and status",
                holders.contains(LeaseHolder(ref: new.ref, status: .provisioning, thing: thing)))
        }
        try promise("no more leases are returned than requested", try await store.leaseHolders(limit: 2).count == 2)
        let transition = StatusTransition(
            from: .provisioning, to: .deleted, cause: "contract", leases: .releaseAndForgetSecrets,
            at: Timestamp(milliseconds: 2_000))
        try promise("the project can be deleted", try await store.transition(new.ref, transition))
        try promise("what is in quarantine has no holder", try await store.leaseHolders(limit: 10).isEmpty)
    }
}
