import ConsistencyModel
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

/// The I/O of a check, over doubles.
@Suite("Reading a live installation")
struct ConsistencyInspectorTests {
    /// An engine that holds what a test says; each reading takes the next inventory.
    private final class Inspection: EngineInspection {
        private let inventories: Mutex<[EngineInventory]>

        init(_ inventories: [EngineInventory]) { self.inventories = Mutex(inventories) }

        func inventory() async throws(EngineError) -> EngineInventory {
            let next = inventories.withLock { $0.count > 1 ? $0.removeFirst() : $0.first }
            guard let next else { throw .unavailable("no socket") }
            return next
        }
    }

    private struct Host: HostInspection {
        var folders: [String] = []

        func diskSpace(under path: String) throws(HostError) -> (freeBytes: UInt64, totalBytes: UInt64) {
            guard path == "/data" else { throw HostError("another mount namespace") }
            return (100 << 30, 200 << 30)
        }

        func kernelValues() throws(HostError) -> KernelValues { KernelValues(forwardsIPv4: true) }

        func folderNames(in path: String, limit: Int) throws(HostError) -> [String] { folders }
    }

    private static let bare = EngineInventory(version: "27", apiVersion: "1.47", rootFolder: "/elsewhere")

    private func inspector(
        _ store: InMemoryProjectStore, _ ledger: InMemoryRequestLedger = InMemoryRequestLedger(),
        inventories: [EngineInventory] = [Self.bare], host: Host = Host(), damage: String? = nil,
        images: [StackName: Set<StackImage>] = [:]
    ) throws -> ConsistencyInspector {
        let time = Instant()
        return ConsistencyInspector(
            ConsistencyInspector.Sources(
                store: store, records: store, ledger: ledger, minter: PlainKeyMinter(),
                engine: FakeEngine(time: time), inspection: Inspection(inventories), network: FakeHostNetwork(),
                host: host,
                checkTrail: { entries, end in entries.last?.number == end.number ? damage : "another end" },
                time: time),
            settings: .init(
                ports: try #require(PortRange("20000-30000")), subnets: try #require(IPv4Network("10.201.0.0/16")),
                projectsFolder: "/data/projects", words: .sample),
            dataFolder: "/data", bindAddress: "127.0.0.1", images: images, defaultStack: .supabase)
    }

    /// Time that passes at once.
    private struct Instant: TimeSource {
        func now() -> Timestamp { Timestamp(milliseconds: 1_000) }
        func sleep(for duration: Duration) async throws { try Task.checkCancellation() }
    }

    private func insert(
        _ number: UInt64, into store: InMemoryProjectStore, stack: StackName = .supabase
    ) async throws {
        let ref = ProjectRef.sample(number)
        let needs = StackRequirements(services: [.db], ports: [], secrets: [], tokens: [])
        let secrets = try PlainKeyMinter().mint(needs, for: ref, given: [:], at: Timestamp(milliseconds: 0))
        let subnet = try #require(
            IPv4Network(containing: IPv4Address(number: 0x0AC9_0000 + UInt32(number) * 32), prefixLength: 27))
        _ = try await store.insert(
            NewProject(
                ref: ref, name: try ProjectName("p \(number)"), organizationSlug: "default", region: "local",
                cloudProvider: "AWS", stack: stack, services: [.db],
                leases: Leases(ports: ["DB_PORT": UInt16(20_000 + number)], subnet: subnet), secrets: secrets,
                at: Timestamp(milliseconds: 0)))
    }

    private func violations(_ inspector: ConsistencyInspector) async -> [ConsistencyFinding] {
        await inspector.check().findings.filter { $0.severity > .ok }
    }

    @Test("an empty installation is well, and every source was read")
    func empty() async throws {
        let report = await (try inspector(InMemoryProjectStore())).check()
        #expect(report.severity == .ok, "\(report.findings)")
        #expect(report.at == Timestamp(milliseconds: 1_000))
        for id in [
            "leases.unique", "objects.known", "folders.known", "secrets.readable", "audit.whole", "ports.own",
            "images.present", "subnets.free", "database.fit", "engine.fit", "disk.space", "kernel.limits",
        ] { #expect(report.findings.contains { $0.id == id }, "\(id)") }
    }

    @Test("more projects than fit on one page are all looked at")
    func pages() async throws {
        let store = InMemoryProjectStore()
        for number in 1...(UInt64(ProjectQuery.limitMax) + 5) { try await insert(number, into: store) }
        let folders = (1...(UInt64(ProjectQuery.limitMax) + 5)).map { ProjectRef.sample($0).text }
        let found = await violations(try inspector(store, host: Host(folders: folders)))
        #expect(found.isEmpty, "\(found)")
    }

    @Test("images are missed of the default stack, and of another one once a project has it")
    func images() async throws {
        let (lite, store) = (try #require(StackName("lite")), InMemoryProjectStore())
        let inspector = try inspector(
            store, host: Host(folders: [ProjectRef.sample(1).text]),
            images: [
                .supabase: [StackImage(name: "official:1")],
                lite: [StackImage(name: "own:1", isPulled: false), StackImage(name: "official:1")],
            ])
        func missed() async -> [String] {
            await violations(inspector).filter { $0.id == "images.present" }.compactMap(\.subject)
        }
        #expect(await missed() == ["official:1"])
        try await insert(1, into: store, stack: lite)
        #expect(await missed() == ["official:1", "own:1"])
    }

    @Test("what the engine and the disk name is looked up: a tombstone is distinguished from a foreign ref")
    func tombstones() async throws {
        let store = InMemoryProjectStore()
        try await insert(1, into: store)
        let transition = StatusTransition(
            from: .provisioning, to: .deleted, cause: "test", leases: .releaseAndForgetSecrets,
            at: Timestamp(milliseconds: 0))
        #expect(try await store.transition(.sample(1), transition))
        var inventory = Self.bare
        inventory.networks = [.init(name: "left", owner: .project(.sample(1)), subnets: [])]
        inventory.volumes = [.init(name: "lost", owner: .project(.sample(2)))]
        let found = await violations(
            try inspector(store, inventories: [inventory], host: Host(folders: [ProjectRef.sample(1).text])))
        #expect(found.map(\.id) == ["objects.removed", "objects.known", "folders.known"])
    }

    @Test("what is gone at the second reading is not reported")
    func secondLook() async throws {
        var busy = Self.bare
        busy.networks = [.init(name: "lost", owner: .nobody, subnets: [])]
        let once = await violations(try inspector(InMemoryProjectStore(), inventories: [busy, Self.bare]))
        #expect(once.isEmpty)
        let twice = await violations(try inspector(InMemoryProjectStore(), inventories: [busy, busy, Self.bare]))
        #expect(twice.map(\.id) == ["objects.known"])
    }

    @Test("trails are checked from their ends")
    func trails() async throws {
        let ledger = InMemoryRequestLedger()
        _ = try await ledger.append(
            AuditDeed(
                scope: .organization("default"), at: Timestamp(milliseconds: 0), actorID: "", actorEmail: "",
                credential: "", action: "a", route: "r", status: 200, target: [:], address: "", requestID: ""))
        #expect(await violations(try inspector(InMemoryProjectStore(), ledger)).isEmpty)
        let found = await violations(try inspector(InMemoryProjectStore(), ledger, damage: "entry 1 was changed"))
        #expect(found.map(\.id) == ["audit.whole"] && found.first?.subject == "organization:default")
    }

    @Test("a database and an engine that are away are one finding each, and the rest is still looked at")
    func away() async throws {
        let store = InMemoryProjectStore()
        store.setDown(true)
        let report = await (try inspector(store, inventories: [])).check()
        let found = report.findings.filter { $0.severity > .ok }
        #expect(found.map(\.id) == ["engine.answers", "database.answers"])
        #expect(report.findings.contains { $0.id == "disk.space" && $0.severity == .ok })
    }
}
