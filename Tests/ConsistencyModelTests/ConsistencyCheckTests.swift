import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import ConsistencyModel

@Suite("The rules of a live installation")
struct ConsistencyCheckTests {
    private static let (first, second) = (ProjectRef.sample(1), ProjectRef.sample(2))

    private static func network(_ text: String) -> IPv4Network {
        guard let network = IPv4Network(text) else { preconditionFailure("\(text) is a network") }
        return network
    }

    private static func project(
        _ number: UInt64 = 1, _ status: ProjectStatus = .active, ports: [String: UInt16]? = ["DB_PORT": 20_001]
    ) throws -> ProjectRecord {
        ProjectRecord(
            number: Int64(number), ref: .sample(number), name: try ProjectName("project \(number)"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: status,
            services: [.db, .gateway],
            leases: ports.map { Leases(ports: $0, subnet: network("10.201.0.0/27")) },
            insertedAt: Timestamp(milliseconds: 0), updatedAt: Timestamp(milliseconds: 0),
            statusChangedAt: Timestamp(milliseconds: 0))
    }

    private static func container(
        _ service: ServiceName, of ref: ProjectRef = first, isRunning: Bool = true, ports: Set<UInt16> = []
    ) -> EngineInventory.Container {
        EngineInventory.Container(
            name: "\(ref)-\(service)-1", owner: .project(ref), service: service, isRunning: isRunning,
            hostPorts: ports)
    }

    /// An installation with one project, of which all is known and well.
    private static func healthy() throws -> ConsistencyFacts {
        let ports = try #require(PortRange("20000-30000"))
        var facts = ConsistencyFacts(
            at: Timestamp(milliseconds: 0),
            settings: .init(
                ports: ports, subnets: network("10.201.0.0/16"), projectsFolder: "/data/projects", words: .sample))
        facts.database = .known(.init(latency: .milliseconds(2), version: 150_020))
        facts.projects = .known([try project()])
        facts.holders = .known([
            LeaseHolder(ref: first, status: .active, thing: .port(20_001)),
            LeaseHolder(ref: first, status: .active, thing: .subnet(network("10.201.0.0/27"))),
        ])
        facts.secrets = .known(.init(checked: 1, unreadable: []))
        facts.trails = .known([AuditTrailState(scope: "organization:default", damage: nil)])
        facts.engine = .known(
            EngineInventory(
                version: "27.3.1", apiVersion: "1.47", rootFolder: "/var/lib/docker",
                addressPools: [network("172.17.0.0/16")],
                containers: [container(.db, ports: [20_001]), container(.gateway)],
                networks: [
                    .init(
                        name: "\(first)_default", owner: .project(first),
                        subnets: [network("10.201.0.0/27")]),
                    .init(name: "bridge", owner: .stranger, subnets: [network("172.17.0.0/16")]),
                ], volumes: [.init(name: "\(first)_data", owner: .project(first))]))
        facts.missingImages = .known([])
        facts.listening = .known([20_001, 22])
        facts.routes = .known([network("10.201.0.0/27"), network("192.168.1.0/24")])
        facts.folders = .known([first.text])
        facts.disks = .known([
            DiskSpace(purpose: "the data folder", path: "/data", freeBytes: 100 << 30, totalBytes: 200 << 30)
        ])
        facts.networkRules = .known([])
        facts.kernel = .known(
            KernelValues(
                ephemeralPorts: PortRange("32768-60999"), forwardsIPv4: true, inotifyInstances: 128,
                openFilesMax: 1_024))
        return facts
    }

    /// Violations after a change of the healthy installation.
    private func violations(_ change: (inout ConsistencyFacts) throws -> Void) throws -> [ConsistencyFinding] {
        var facts = try Self.healthy()
        try change(&facts)
        return ConsistencyCheck.findings(in: facts).filter { $0.severity > .ok }
    }

    /// The one violation after a change.
    private func violation(_ change: (inout ConsistencyFacts) throws -> Void) throws -> ConsistencyFinding {
        let all = try violations(change)
        #expect(all.count == 1, "\(all)")
        let only = try #require(all.first)
        #expect(!only.found.isEmpty && !only.advice.isEmpty)
        return only
    }

    private func engine(_ change: (inout EngineInventory) -> Void) throws -> (inout ConsistencyFacts) -> Void {
        var inventory = try #require(try Self.healthy().engine.value)
        change(&inventory)
        return { [inventory] in $0.engine = .known(inventory) }
    }

    // MARK: The whole

    @Test("a healthy installation breaks no rule, and every rule says that it holds")
    func healthy() throws {
        let findings = ConsistencyCheck.findings(in: try Self.healthy())
        #expect(findings.allSatisfy { $0.severity == .ok }, "\(findings.filter { $0.severity > .ok })")
        #expect(findings.map(\.id) == ConsistencyCheck.rules.map(\.id))
        #expect(Set(findings.map(\.id)).count == findings.count)
    }

    @Test("what was not asked for is no finding, and what could not be read is one")
    func unread() throws {
        let empty = ConsistencyFacts(at: Timestamp(milliseconds: 0), settings: try Self.healthy().settings)
        #expect(ConsistencyCheck.findings(in: empty).isEmpty)
        var facts = empty
        facts.database = .failed("a")
        facts.projects = .failed("b")
        facts.holders = .failed("c")
        facts.secrets = .failed("d")
        facts.trails = .failed("e")
        facts.engine = .failed("f")
        facts.missingImages = .failed("g")
        facts.listening = .failed("h")
        facts.routes = .failed("i")
        facts.folders = .failed("j")
        facts.disks = .failed("k")
        facts.kernel = .failed("l")
        let findings = ConsistencyCheck.findings(in: facts)
        #expect(findings.count == 12 && Set(findings.map(\.id)).count == 12)
        #expect(findings.allSatisfy { $0.severity == .error && !$0.advice.isEmpty })
        #expect(Set(findings.compactMap { $0.found.last }) == Set("abcdefghijkl"))
    }

    @Test("the worst comes first, and many of a kind are reported by their number")
    func order() throws {
        let names = (0..<80).map { "stray-\($0)" }
        var facts = try Self.healthy()
        facts.folders = .known(names + [Self.first.text])
        facts.secrets = .known(.init(checked: 1, unreadable: [Self.first]))
        let findings = ConsistencyCheck.findings(in: facts)
        #expect(findings.map(\.severity) == findings.map(\.severity).sorted(by: >))
        #expect(findings.first?.id == "secrets.readable")
        let stray = findings.filter { $0.id == "folders.known" }
        #expect(stray.count == ConsistencyCheck.findingsPerRuleMax + 1)
        #expect(stray.last?.found.contains("30 more") == true)
    }

    @Test("only findings of both readings are reported")
    func confirmation() throws {
        let stray = try violations { $0.folders = .known([Self.first.text, "stray"]) }
        let other = try violations { $0.folders = .known([Self.first.text, "other"]) }
        #expect(stray.count == 1 && other.count == 1)
        #expect(ConsistencyCheck.confirmed(stray, stray) == stray)
        #expect(ConsistencyCheck.confirmed(stray, other).isEmpty)
        #expect(ConsistencyCheck.confirmed([], stray).isEmpty)
        let well = ConsistencyCheck.findings(in: try Self.healthy())
        #expect(ConsistencyCheck.confirmed([], well) == well)
    }

    // MARK: Projects

    @Test("a port or a subnet with two owners, and subnets that overlap")
    func sharedLeases() throws {
        for thing in [LeaseHolder.Thing.port(20_001), .subnet(Self.network("10.201.0.0/27"))] {
            let found = try violation { facts in
                facts.holders = .known([
                    LeaseHolder(ref: Self.second, status: .paused, thing: thing),
                    LeaseHolder(ref: Self.first, status: .active, thing: thing),
                ])
            }
            #expect(found.id == "leases.unique" && found.severity == .error)
            #expect(found.project == min(Self.first, Self.second))
            #expect(found.found.contains(Self.first.text) && found.found.contains(Self.second.text))
        }
        let overlap = try violation { facts in
            facts.holders = .known([
                LeaseHolder(ref: Self.first, status: .active, thing: .subnet(Self.network("10.201.0.0/26"))),
                LeaseHolder(ref: Self.second, status: .active, thing: .subnet(Self.network("10.201.0.32/27"))),
            ])
        }
        #expect(overlap.id == "leases.unique" && overlap.found.contains("overlaps"))
    }

    @Test("a lease of a deleted project, and of no other", arguments: ProjectStatus.allCases)
    func heldByDeleted(status: ProjectStatus) throws {
        let found = try violations { facts in
            facts.holders = .known([LeaseHolder(ref: Self.second, status: status, thing: .port(20_002))])
        }
        #expect(found.map(\.id) == (status == .deleted ? ["leases.released"] : []))
    }

    @Test(
        "a container that is missing or dead, of projects that count as ACTIVE only", arguments: ProjectStatus.allCases)
    func missingContainers(status: ProjectStatus) throws {
        for containers in [
            [Self.container(.db, ports: [20_001])],
            [
                Self.container(.db, ports: [20_001]), Self.container(.gateway, isRunning: false),
            ],
        ] {
            let change = try engine { $0.containers = containers }
            let found = try violations { facts in
                change(&facts)
                facts.projects = .known([try Self.project(1, status)])
            }.filter { $0.id == "containers.running" }
            #expect(found.count == (status == .active ? 1 : 0), "\(status)")
            #expect(found.allSatisfy { $0.service == .gateway && $0.project == Self.first })
        }
    }

    @Test("what the engine holds of projects that are gone", arguments: ProjectStatus.allCases)
    func leftObjects(status: ProjectStatus) throws {
        let found = try violations { facts in
            facts.projects = .known([try Self.project(1, status, ports: nil)])
            facts.folders = .known(status == .deleted ? [] : [Self.first.text])
        }.filter { $0.id == "objects.removed" }
        // Two containers and a network; a volume too, unless it may be kept of a deleted project.
        let counts: [ProjectStatus: Int] = [.deleted: 3, .failed: 4]
        #expect(found.count == counts[status] ?? 0)
        #expect(found.allSatisfy { $0.severity == .warning || $0.advice.contains("engine ") })
        // A network is removed once the engine allows it; removing it by hand would be refused as well.
        let networks = found.filter { $0.severity == .warning }
        #expect(networks.count == (found.isEmpty ? 0 : 1))
        #expect(
            networks.allSatisfy { $0.advice.contains("disconnect from the network") && !$0.advice.contains(" rm ") })
    }

    @Test("objects of this installation without a record, and foreign objects left alone")
    func orphanObjects() throws {
        let change = try engine { inventory in
            inventory.networks += [
                .init(name: "lost", owner: .project(Self.second), subnets: []),
                .init(name: "theirs", owner: .stranger, subnets: []),
            ]
            inventory.volumes.append(.init(name: "nameless", owner: .nobody))
        }
        let found = try violations(change)
        #expect(found.map(\.subject) == ["lost", "nameless"])
        #expect(found.allSatisfy { $0.id == "objects.known" && $0.severity == .warning })
        #expect(found.allSatisfy { $0.advice.contains("supamanager orphans") && !$0.advice.contains("engine ") })
    }

    @Test("a project without its folder, once its containers need it", arguments: ProjectStatus.allCases)
    func missingFolders(status: ProjectStatus) throws {
        let needed: Set<ProjectStatus> = [
            .active, .degraded, .pausing, .paused, .resuming, .restarting, .upgrading, .reverting, .restoring,
        ]
        let found = try violations { facts in
            facts.projects = .known([try Self.project(1, status)])
            facts.folders = .known([])
        }.filter { $0.id == "folders.present" }
        #expect(found.count == (needed.contains(status) ? 1 : 0))
        #expect(found.allSatisfy { $0.found.contains("/data/projects/\(Self.first)") })
    }

    @Test("a folder without a project, or of a deleted one")
    func orphanFolders() throws {
        let stray = try violation { $0.folders = .known([Self.first.text, "stray"]) }
        #expect(stray.id == "folders.known" && stray.subject == "stray" && stray.project == nil)
        let deleted = try violation { facts in
            facts.projects = .known([try Self.project(), try Self.project(2, .deleted, ports: nil)])
            facts.folders = .known([Self.first.text, Self.second.text])
        }
        #expect(deleted.project == Self.second && deleted.found.contains("deleted"))
    }

    @Test("secrets that do not open, and trails that are broken")
    func secretsAndTrails() throws {
        let secrets = try violation { $0.secrets = .known(.init(checked: 7, unreadable: [Self.second])) }
        #expect(secrets.id == "secrets.readable" && secrets.project == Self.second && secrets.found.contains("1 of 7"))
        let trail = try violation { facts in
            facts.trails = .known([AuditTrailState(scope: "organization:x", damage: "entry 3 was changed")])
        }
        #expect(trail.id == "audit.whole" && trail.found.contains("entry 3 was changed"))
    }

    // MARK: The engine

    @Test("images that the engine does not have")
    func images() throws {
        let found = try violation { $0.missingImages = .known([StackImage(name: "supabase/studio:1")]) }
        #expect(found.id == "images.present" && found.advice.contains("engine pull supabase/studio:1"))
        let own = try violation { $0.missingImages = .known([StackImage(name: "own/db:15-1", isPulled: false)]) }
        #expect(own.advice.contains("run engine-make") && !own.advice.contains("engine pull"), "\(own)")
    }

    @Test("a foreign listener on a leased port: a process, or another container; not the project's own one")
    func strangers() throws {
        let idle = try engine { $0.containers = [] }
        let process = try violation { facts in
            idle(&facts)
            facts.projects = .known([try Self.project(1, .paused)])
        }
        #expect(process.id == "ports.own" && process.severity == .error && process.found.contains("20001"))
        let taken = try engine { inventory in
            inventory.containers = [.init(name: "rival", owner: .stranger, hostPorts: [20_001])]
        }
        let rival = try violation { facts in
            taken(&facts)
            facts.projects = .known([try Self.project(1, .paused)])
        }
        #expect(rival.found.contains("rival"))
        let free = try violations { facts in
            idle(&facts)
            facts.projects = .known([try Self.project(1, .paused)])
            facts.listening = .known([22])
        }
        #expect(free.isEmpty)
    }

    @Test("foreign networks and routes in the pool: a part is a warning, all of it is an error")
    func overlaps() throws {
        let part = try violation(
            engine { $0.networks.append(.init(name: "x", owner: .stranger, subnets: [Self.network("10.201.9.0/24")])) })
        #expect(part.id == "subnets.free" && part.severity == .warning && part.found.contains("network x"))
        let all = try violation(
            engine { $0.networks.append(.init(name: "x", owner: .stranger, subnets: [Self.network("10.0.0.0/8")])) })
        #expect(all.severity == .error)
        let route = try violation { $0.routes = .known([Self.network("10.201.4.0/24")]) }
        #expect(route.id == "subnets.free" && route.found.contains("route"))
        let pool = try violation(engine { $0.addressPools = [Self.network("10.192.0.0/12")] })
        #expect(pool.id == "subnets.pools" && pool.severity == .warning)
    }

    // MARK: The host

    @Test("a database that is slow or old")
    func database() throws {
        let slow = try violation { $0.database = .known(.init(latency: .milliseconds(501), version: 150_020)) }
        #expect(slow.id == "database.fit" && slow.severity == .warning && slow.found.contains("501 ms"))
        let old = try violation { $0.database = .known(.init(latency: .zero, version: 130_021)) }
        #expect(old.severity == .error && old.found.contains("13"))
        #expect(try violations { $0.database = .known(.init(latency: .milliseconds(500), version: 140_000)) }.isEmpty)
    }

    @Test("disks: room enough, little, and none")
    func disks() throws {
        for (free, severity) in [
            (10 << 30, nil), ((10 << 30) - 1, .warning), (1 << 30, .warning), (1_023 << 20, .error),
        ]
            as [(UInt64, ConsistencyFinding.Severity?)]
        {
            let found = try violations { facts in
                facts.disks = .known([
                    DiskSpace(purpose: "the data folder", path: "/d", freeBytes: free, totalBytes: 50 << 30)
                ])
            }
            #expect(found.map(\.severity) == (severity.map { [$0] } ?? []), "\(free)")
        }
    }

    @Test("ports to lease among those of outgoing connections")
    func ephemeral() throws {
        let leased = try violation { facts in
            facts.kernel = .known(KernelValues(ephemeralPorts: PortRange("20001-25000")))
        }
        #expect(leased.id == "kernel.ports" && leased.project == Self.first && leased.found.contains("20001"))
        let all = try violation { facts in
            facts.kernel = .known(KernelValues(ephemeralPorts: PortRange("1024-65000")))
        }
        #expect(all.project == nil && all.found.contains("20000-30000"))
        #expect(try violations { $0.kernel = .known(KernelValues(ephemeralPorts: PortRange("25000-40000"))) }.isEmpty)
    }

    @Test("packet filter rules that are not in force, or that could not be read, are reported with what to do")
    func networkRules() throws {
        let missing = try violation { $0.networkRules = .known(["INPUT does not lead to X"]) }
        #expect(missing.id == "network.rules" && missing.severity == ConsistencyFinding.Severity.allCases.max())
        #expect(missing.found.contains("INPUT does not lead to X") && missing.advice.contains("network-rules install"))
        #expect(missing.found.contains("projects are not reliably kept apart"))
        #expect(missing.found.contains("other organizations") && missing.found.contains("reach this host"))
        let unknown = try violation { $0.networkRules = .failed("you must be root") }
        #expect(unknown.id == "network.rules" && unknown.severity == .warning && unknown.found.contains("be root"))
        #expect(unknown.found.contains("is unknown"))
        #expect(try violations { $0.networkRules = .notAsked }.isEmpty)
    }

    @Test("a kernel that does not forward, and limits that are low")
    func kernel() throws {
        let forward = try violation { $0.kernel = .known(KernelValues(forwardsIPv4: false)) }
        #expect(forward.id == "kernel.limits" && forward.severity == .error)
        #expect(try violation { $0.kernel = .known(KernelValues(inotifyInstances: 127)) }.severity == .warning)
        #expect(try violation { $0.kernel = .known(KernelValues(openFilesMax: 1_023)) }.severity == .warning)
        #expect(try violations { $0.kernel = .known(KernelValues()) }.isEmpty)
    }
}
