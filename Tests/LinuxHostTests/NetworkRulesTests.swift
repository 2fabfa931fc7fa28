import LinuxHost
import Orchestrator
import ProjectModel
import Synchronization
import Testing

@Suite("Packet filter rules of an installation")
struct NetworkRulesTests {
    private static func rules(pool: String = "10.201.0.0/16", ports: String = "54320-65535") throws -> NetworkRules {
        let pool = try #require(IPv4Network(pool))
        let ports = try #require(PortRange(ports))
        return try #require(NetworkRules(installation: "0123456789ab", pool: pool, ports: ports))
    }

    @Test("the plan is this text")
    func text() throws {
        let rules = try Self.rules(ports: "40000-40000")
        let expected = """
            *mangle
            :SUPAMANAGER-0123456789ab-FW - [0:0]
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 169.254.0.0/16 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 169.254.0.0/16 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 169.254.0.0/16 -j DROP
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 168.63.129.16/32 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 168.63.129.16/32 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 168.63.129.16/32 -j DROP
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 100.100.100.200/32 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 100.100.100.200/32 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 100.100.100.200/32 -j DROP
            -A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 10.201.0.0/16 -m physdev --physdev-is-bridged -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -m conntrack --ctstate DNAT -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -j DROP
            COMMIT
            *filter
            :SUPAMANAGER-0123456789ab-IN - [0:0]
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -p tcp -m tcp --dport 40000 -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -j REJECT --reject-with icmp-admin-prohibited
            COMMIT

            """
        #expect(rules.restoreText == expected)
        #expect(rules.commands.contains(expected))
        let jumps = [
            ("mangle", "FORWARD", "SUPAMANAGER-0123456789ab-FW"), ("filter", "INPUT", "SUPAMANAGER-0123456789ab-IN"),
        ]
        for (table, chain, own) in jumps {
            let line =
                "iptables -w -t \(table) -C \(chain) -j \(own) 2>/dev/null || "
                + "iptables -w -t \(table) -I \(chain) 1 -j \(own)\n"
            #expect(rules.commands.contains(line))
        }
        #expect(try Self.rules().restoreText.contains("--dport 54320:65535 -j RETURN"))
    }

    @Test("a rule is read as it is written, however iptables spaces it, and only from the table that is listed")
    func reading() throws {
        let rules = try Self.rules()
        func listing(_ chain: String, of own: String, _ lines: [String]) -> FilterListing {
            let spaced = lines.map { $0.replacing("-m physdev ", with: "-m physdev  ") }
            return FilterListing(
                (["-P \(chain) ACCEPT", "-N \(own)", "-A \(chain) -j \(own)"] + spaced).joined(separator: "\n"))
        }
        let mangle = listing("FORWARD", of: rules.forwardChain, rules.forwardRules)
        let filter = listing("INPUT", of: rules.inputChain, rules.inputRules)
        #expect(rules.shortcomings(in: [.mangle: mangle, .filter: filter]).isEmpty)
        #expect(rules.shortcomings(in: [.mangle: filter, .filter: mangle]).count == 4)
    }

    @Test(
        "only an installation's identifier becomes part of a name",
        arguments: [
            "", "0123456789a", "0123456789abc", "0123456789AB", "0123456789a;", "0123456789a\n",
        ])
    func identifier(text: String) throws {
        let pool = try #require(IPv4Network("10.201.0.0/16"))
        #expect(NetworkRules(installation: text, pool: pool, ports: try #require(PortRange("1-2"))) == nil)
    }

    @Test("installed rules are in force, and a second time nothing changes")
    func install() async throws {
        let filter = SimulatedFilter()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        #expect(try await installer.shortcomings().count == 4)
        try await installer.install()
        #expect(try await installer.shortcomings().isEmpty)
        let before = filter.tables.withLock { $0 }
        let changes = filter.changes.withLock { $0.count }
        try await installer.install()
        #expect(filter.tables.withLock { $0 } == before)
        // The rules stay in force all the time: no jump is taken away and put back.
        #expect(filter.changes.withLock { Array($0[changes...]) } == ["restore"])
    }

    @Test("the rules stay in force while the engine has its own out of force")
    func independent() async throws {
        let filter = SimulatedFilter()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        try await installer.install()
        // The engine takes its jumps out and puts them back whenever it makes a network.
        filter.tables.withLock {
            $0["filter"]?["FORWARD"] = []
            $0["filter"]?["DOCKER-USER"] = nil
        }
        #expect(try await installer.shortcomings().isEmpty)
        #expect(
            filter.tables.withLock { $0["mangle"]?["FORWARD"] } == [
                "-A FORWARD -j SUPAMANAGER-0123456789ab-FW", "-A FORWARD -j OTHER",
            ])
    }

    /// A host with the rules of a version that had all of them in `filter`.
    private static func filterOfEarlierVersion() -> SimulatedFilter {
        let filter = SimulatedFilter()
        filter.tables.withLock { tables in
            tables["filter"]?["SUPAMANAGER-0123456789ab-FW"] = [
                "-A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 10.201.0.0/16 -i br-+ -j RETURN",
                "-A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -j DROP",
            ]
            tables["filter"]?["SUPAMANAGER-0123456789ab-IN"] = [
                "-A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -j DROP"
            ]
            tables["filter"]?["DOCKER-USER"]?.insert("-A DOCKER-USER -j SUPAMANAGER-0123456789ab-FW", at: 0)
            tables["filter"]?["INPUT"]?.insert("-A INPUT -j SUPAMANAGER-0123456789ab-IN", at: 0)
        }
        return filter
    }

    @Test("rules of an earlier version are reported, and give way only when the new ones are in force")
    func migration() async throws {
        let filter = Self.filterOfEarlierVersion()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        let found = try await installer.shortcomings()
        #expect(found.contains("the chain SUPAMANAGER-0123456789ab-FW does not exist in the table mangle"))
        #expect(found.contains("FORWARD of the table mangle does not lead to SUPAMANAGER-0123456789ab-FW"))
        #expect(found.contains { $0.hasPrefix("DOCKER-USER leads to rules of an earlier version") })
        try await installer.install()
        #expect(
            filter.changes.withLock { $0 } == [
                "restore", "mangle -I FORWARD 1 -j SUPAMANAGER-0123456789ab-FW",
                "filter -D DOCKER-USER -j SUPAMANAGER-0123456789ab-FW", "filter -F SUPAMANAGER-0123456789ab-FW",
                "filter -X SUPAMANAGER-0123456789ab-FW",
            ])
        let fresh = SimulatedFilter()
        try await NetworkRulesInstaller(try Self.rules(), run: fresh.run).install()
        #expect(filter.tables.withLock { $0 } == fresh.tables.withLock { $0 })
    }

    @Test("where the new rules cannot be put in force, those of an earlier version stay")
    func failedMigration() async throws {
        let filter = Self.filterOfEarlierVersion()
        let before = filter.tables.withLock { $0["filter"] }
        let installer = NetworkRulesInstaller(try Self.rules()) { program, arguments, input throws(HostError) in
            guard arguments.contains("-I") else { return try await filter.run(program, arguments, input) }
            return .init(status: 4, output: "iptables: Resource temporarily unavailable.\n")
        }
        await #expect(throws: HostError.self) { try await installer.install() }
        let after = filter.tables.withLock { $0["filter"] }
        for chain in ["DOCKER-USER", "INPUT", "SUPAMANAGER-0123456789ab-FW"] {
            #expect(after?[chain] == before?[chain])
        }
    }

    @Test(
        "removing takes the rules of an earlier version, too, whether or not others are in force",
        arguments: [false, true])
    func removeEarlier(both: Bool) async throws {
        let filter = Self.filterOfEarlierVersion()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        if both {
            let old = filter.tables.withLock { $0["filter"] }
            try await installer.install()
            filter.tables.withLock { $0["filter"] = old }
        }
        for _ in 1...2 {
            try await installer.remove()
            #expect(filter.tables.withLock { $0 } == SimulatedFilter().tables.withLock { $0 })
        }
    }

    @Test("manual changes are reported and repaired")
    func damage() async throws {
        let rules = try Self.rules()
        let damages: [(String, @Sendable (inout [String: [String: [String]]]) -> Void)] = [
            ("does not exist", { $0["mangle"]?["SUPAMANAGER-0123456789ab-FW"] = nil }),
            ("holds other rules", { $0["filter"]?["SUPAMANAGER-0123456789ab-IN"]?.removeLast() }),
            ("holds other rules", { $0["filter"]?["SUPAMANAGER-0123456789ab-IN"]?.reverse() }),
            ("FORWARD of the table mangle does not lead", { $0["mangle"]?["FORWARD"] = [] }),
            (
                "INPUT of the table filter does not lead",
                { $0["filter"]?["INPUT"]?.insert("-A INPUT -j ACCEPT", at: 0) }
            ),
        ]
        for (words, damage) in damages {
            let filter = SimulatedFilter()
            let installer = NetworkRulesInstaller(rules, run: filter.run)
            try await installer.install()
            filter.tables.withLock { damage(&$0) }
            let found = try await installer.shortcomings()
            #expect(found.contains { $0.contains(words) }, "\(found)")
            try await installer.install()
            #expect(try await installer.shortcomings().isEmpty, "\(words)")
        }
    }

    @Test("rules of a version that knew fewer addresses are reported and completed")
    func fewerAddresses() async throws {
        let filter = SimulatedFilter()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        try await installer.install()
        let whole = filter.tables.withLock { $0 }
        filter.tables.withLock { tables in
            tables["mangle"]?["SUPAMANAGER-0123456789ab-FW"]?
                .removeAll { $0.contains("168.63.") || $0.contains("100.100.") }
        }
        let found = try await installer.shortcomings()
        #expect(found == ["the chain SUPAMANAGER-0123456789ab-FW of the table mangle holds other rules"])
        try await installer.install()
        #expect(filter.tables.withLock { $0 } == whole)
    }

    @Test("rules of another pool are replaced")
    func otherPool() async throws {
        let filter = SimulatedFilter()
        try await NetworkRulesInstaller(try Self.rules(pool: "10.77.0.0/16"), run: filter.run).install()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        #expect(try await installer.shortcomings().count == 2)
        try await installer.install()
        #expect(!filter.tables.withLock { "\($0)" }.contains("10.77"))
    }

    @Test("removing leaves what others have, and twice is once")
    func remove() async throws {
        let filter = SimulatedFilter()
        let others = filter.tables.withLock { $0 }
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        try await installer.install()
        for _ in 1...2 {
            try await installer.remove()
            #expect(filter.tables.withLock { $0 } == others)
        }
    }

    @Test("a failure of iptables is reported with what to do")
    func failures() async throws {
        let refused = NetworkRulesInstaller(try Self.rules()) { _, _, _ in
            .init(status: 4, output: "iptables: Could not fetch rule set: Permission denied (you must be root)\n")
        }
        do throws(HostError) {
            _ = try await refused.shortcomings()
            Issue.record("a refused listing gave an answer")
        } catch { #expect(error.description.contains("run it as root")) }
    }
}
