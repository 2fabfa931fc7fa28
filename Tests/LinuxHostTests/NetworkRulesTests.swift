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
            *filter
            :SUPAMANAGER-0123456789ab-FW - [0:0]
            :SUPAMANAGER-0123456789ab-IN - [0:0]
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 169.254.0.0/16 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 169.254.0.0/16 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 169.254.0.0/16 -j REJECT --reject-with icmp-admin-prohibited
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 168.63.129.16/32 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 168.63.129.16/32 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 168.63.129.16/32 -j REJECT --reject-with icmp-admin-prohibited
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 100.100.100.200/32 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 100.100.100.200/32 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 100.100.100.200/32 -j REJECT --reject-with icmp-admin-prohibited
            -A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -s 10.201.0.0/16 -d 10.201.0.0/16 -i br-+ -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -m conntrack --ctstate DNAT -j RETURN
            -A SUPAMANAGER-0123456789ab-FW -d 10.201.0.0/16 -j DROP
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -p udp -m udp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -p tcp -m tcp --dport 53 -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -p tcp -m tcp --dport 40000 -j RETURN
            -A SUPAMANAGER-0123456789ab-IN -s 10.201.0.0/16 -j REJECT --reject-with icmp-admin-prohibited
            COMMIT

            """
        #expect(rules.restoreText == expected)
        #expect(rules.commands.contains(expected))
        #expect(
            rules.commands.hasSuffix(
                "iptables -w -C INPUT -j SUPAMANAGER-0123456789ab-IN 2>/dev/null || "
                    + "iptables -w -I INPUT 1 -j SUPAMANAGER-0123456789ab-IN\n"))
        #expect(try Self.rules().restoreText.contains("--dport 54320:65535 -j RETURN"))
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
        let before = filter.chains.withLock { $0 }
        try await installer.install()
        #expect(filter.chains.withLock { $0 } == before)
    }

    @Test("manual changes are reported and repaired")
    func damage() async throws {
        let rules = try Self.rules()
        let damages: [(String, @Sendable (inout [String: [String]]) -> Void)] = [
            ("does not exist", { $0["SUPAMANAGER-0123456789ab-FW"] = nil }),
            ("holds other rules", { $0["SUPAMANAGER-0123456789ab-IN"]?.removeLast() }),
            ("holds other rules", { $0["SUPAMANAGER-0123456789ab-IN"]?.reverse() }),
            ("DOCKER-USER does not lead", { $0["DOCKER-USER"] = ["-A DOCKER-USER -j RETURN"] }),
            ("INPUT does not lead", { $0["INPUT"]?.insert("-A INPUT -j ACCEPT", at: 0) }),
        ]
        for (words, damage) in damages {
            let filter = SimulatedFilter()
            let installer = NetworkRulesInstaller(rules, run: filter.run)
            try await installer.install()
            filter.chains.withLock { damage(&$0) }
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
        let whole = filter.chains.withLock { $0 }
        filter.chains.withLock { chains in
            chains["SUPAMANAGER-0123456789ab-FW"]?.removeAll { $0.contains("168.63.") || $0.contains("100.100.") }
        }
        #expect(try await installer.shortcomings() == ["the chain SUPAMANAGER-0123456789ab-FW holds other rules"])
        try await installer.install()
        #expect(filter.chains.withLock { $0 } == whole)
    }

    @Test("rules of another pool are replaced")
    func otherPool() async throws {
        let filter = SimulatedFilter()
        try await NetworkRulesInstaller(try Self.rules(pool: "10.77.0.0/16"), run: filter.run).install()
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        #expect(try await installer.shortcomings().count == 2)
        try await installer.install()
        #expect(!filter.chains.withLock { "\($0)" }.contains("10.77"))
    }

    @Test("removing leaves what others have, and twice is once")
    func remove() async throws {
        let filter = SimulatedFilter()
        let others = filter.chains.withLock { $0 }
        let installer = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        try await installer.install()
        for _ in 1...2 {
            try await installer.remove()
            #expect(filter.chains.withLock { $0 } == others)
        }
    }

    @Test("without the engine's chain nothing is installed, and a failure of iptables is reported with what to do")
    func failures() async throws {
        let filter = SimulatedFilter()
        filter.chains.withLock { $0["DOCKER-USER"] = nil }
        let without = NetworkRulesInstaller(try Self.rules(), run: filter.run)
        await #expect(throws: HostError.self) { try await without.install() }
        #expect(filter.chains.withLock { $0["SUPAMANAGER-0123456789ab-FW"] } == nil)
        let refused = NetworkRulesInstaller(try Self.rules()) { _, _, _ in
            .init(status: 4, output: "iptables: Could not fetch rule set: Permission denied (you must be root)\n")
        }
        do throws(HostError) {
            _ = try await refused.shortcomings()
            Issue.record("a refused listing gave an answer")
        } catch { #expect(error.description.contains("run it as root")) }
    }
}

/// A packet filter that understands what the installer asks of it.
private final class SimulatedFilter: Sendable {
    let chains = Mutex<[String: [String]]>([
        "INPUT": ["-A INPUT -i lo -j ACCEPT"], "DOCKER-USER": ["-A DOCKER-USER -j RETURN"],
        "OTHER": ["-A OTHER -j DROP"],
    ])

    var run: NetworkRulesInstaller.Runner {
        { program, arguments, input throws(HostError) in
            self.chains.withLock { chains in
                program == "iptables-restore"
                    ? Self.restore(&chains, input ?? "") : Self.change(&chains, Array(arguments.dropFirst(2)))
            }
        }
    }

    private static func restore(_ chains: inout [String: [String]], _ text: String) -> NetworkRulesInstaller.Outcome {
        for line in text.split(separator: "\n").map(String.init) {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix(":") { chains[String(words[0].dropFirst())] = [] }
            if line.hasPrefix("-A ") { chains[words[1]]?.append(line) }
        }
        return .init(status: 0, output: "")
    }

    private static func change(
        _ chains: inout [String: [String]], _ words: [String]
    ) -> NetworkRulesInstaller.Outcome {
        if words == ["-S"] {
            let lines = chains.sorted { $0.key < $1.key }.flatMap { ["-N \($0.key)"] + $0.value }
            return .init(status: 0, output: lines.joined(separator: "\n") + "\n")
        }
        let chain = words[1]
        guard let rules = chains[chain] else {
            return .init(status: 1, output: "iptables: No chain/target/match by that name.\n")
        }
        switch words[0] {
        case "-I": chains[chain]?.insert("-A \(chain) " + words.dropFirst(3).joined(separator: " "), at: 0)
        case "-D":
            let rule = "-A \(chain) " + words.dropFirst(2).joined(separator: " ")
            if let index = rules.firstIndex(of: rule) { chains[chain]?.remove(at: index) }
        case "-F": chains[chain] = []
        case "-X": chains[chain] = nil
        default: return .init(status: 2, output: "iptables: bad argument\n")
        }
        return .init(status: 0, output: "")
    }
}
