import EventConsumers
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("The doubles keep the contracts of their ports")
struct ContractTests {
    @Test("the fake engine does what every engine does", arguments: UInt64(0)..<10)
    func engine(seed: UInt64) async throws {
        try await SimulatedHost.run(seed: seed) { host in
            host.engine.addImages(["contract/image:1"])
            try await ContainerEngineContract.run(
                on: host.engine,
                .init(
                    ref: .sample(4), namePrefix: "contract-", image: "contract/image:1", command: ["sleep", "60"],
                    subnet: try #require(IPv4Network("10.210.0.0/27")), ports: (61_500, 61_501)))
            #expect(host.engine.contents(of: .sample(4)).isEmpty)
            #expect(host.engine.foreignNames == [])
        }
    }

    @Test("the store in memory does what every store does")
    func store() async throws {
        let store = InMemoryProjectStore()
        #expect(try await store.closeOrganization(ProjectStoreContract.missingOrganization) == 0)
        try await StoreInspectionContract.run(on: store)
        try await ProjectStoreContract.run(on: store)
        try await ProjectOperationContract.run(on: InMemoryProjectStore())
    }

    @Test("events in memory have their facts, and what consumers make of them is in their transactions")
    func events() async throws {
        let projects = InMemoryProjectStore()
        let contract = EventContract(
            projects: projects, content: InMemoryContentStore(in: projects),
            functions: InMemoryFunctionStore(projects: projects),
            notifications: InMemoryNotificationStore(in: projects),
            refusing: InMemoryProjectStore(consumers: EventConsumers.all + [EventContract.refusal]))
        try await contract.run()
    }

    @Test("template versions in memory are kept as in every store")
    func templateVersions() async throws {
        let store = InMemoryProjectStore()
        try await TemplateVersionContract(versions: store, projects: store).run()
    }

    @Test("the lease in memory, and what is written under it, do what every lease does")
    func lease() async throws {
        let leases = InMemoryManagerLeaseStore()
        let projects = InMemoryProjectStore()
        let contract = ManagerLeaseContract(
            leases: leases, projects: projects, fenced: { projects.under($0, in: leases) },
            waitUntilOver: { try await Task.sleep(for: $0 * 2) })
        try await contract.run()
    }

    @Test("jobs in memory are kept as anywhere else")
    func jobs() async throws {
        let leases = InMemoryManagerLeaseStore()
        let contract = JobStoreContract(
            store: InMemoryJobStore(leases: leases), leases: leases, projects: InMemoryProjectStore())
        try await contract.run()
    }

    @Test("receipts and volumes in memory are kept as anywhere else")
    func custody() async throws {
        let projects = InMemoryProjectStore()
        try await CustodyStoreContract.run(on: InMemoryCustodyStore(projects: projects), projects: projects)
    }

    @Test("the ledger of orphans in memory is kept as anywhere else")
    func orphans() async throws {
        let projects = InMemoryProjectStore()
        try await OrphanStoreContract.run(on: InMemoryOrphanStore(projects: projects), projects: projects)
    }

    @Test("a store that is away says so on every call")
    func storeAway() async throws {
        let store = InMemoryProjectStore()
        store.setDown(true)
        await #expect(throws: StoreError.unavailable("connection refused")) { try await store.ping() }
        await #expect(throws: StoreError.unavailable("connection refused")) { try await store.refs() }
    }
}
