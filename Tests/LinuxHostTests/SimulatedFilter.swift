import LinuxHost
import Orchestrator
import Synchronization

/// A packet filter that understands what ``NetworkRulesInstaller`` asks of it.
final class SimulatedFilter: Sendable {
    typealias Chains = [String: [String]]

    /// Rules by table and chain.
    let tables = Mutex<[String: Chains]>([
        "filter": [
            "INPUT": ["-A INPUT -i lo -j ACCEPT"], "FORWARD": ["-A FORWARD -j DOCKER-USER"],
            "DOCKER-USER": ["-A DOCKER-USER -j RETURN"], "OTHER": ["-A OTHER -j DROP"],
        ],
        "mangle": ["FORWARD": ["-A FORWARD -j OTHER"], "OTHER": ["-A OTHER -p tcp -j ACCEPT"]],
    ])
    /// What was changed, in order.
    let changes = Mutex<[String]>([])

    var run: NetworkRulesInstaller.Runner {
        { program, arguments, input throws(HostError) in
            self.tables.withLock { tables in
                if program == "iptables-restore" {
                    self.changes.withLock { $0.append("restore") }
                    return Self.restore(&tables, input ?? "")
                }
                let words = Array(arguments.dropFirst(2))
                guard words.count > 2, words[0] == "-t", var chains = tables[words[1]] else { return Self.badArgument }
                let outcome = Self.change(&chains, Array(words.dropFirst(2)))
                tables[words[1]] = chains
                if words[2] != "-S" {
                    self.changes.withLock { $0.append(words.dropFirst().joined(separator: " ")) }
                }
                return outcome
            }
        }
    }

    private static let badArgument = NetworkRulesInstaller.Outcome(status: 2, output: "iptables: bad argument\n")

    private static func restore(_ tables: inout [String: Chains], _ text: String) -> NetworkRulesInstaller.Outcome {
        var table = ""
        for line in text.split(separator: "\n").map(String.init) {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix("*") { table = String(line.dropFirst()) }
            if line.hasPrefix(":") { tables[table]?[String(words[0].dropFirst())] = [] }
            if line.hasPrefix("-A ") { tables[table]?[words[1]]?.append(line) }
        }
        return .init(status: 0, output: "")
    }

    private static func change(_ chains: inout Chains, _ words: [String]) -> NetworkRulesInstaller.Outcome {
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
        default: return badArgument
        }
        return .init(status: 0, output: "")
    }
}
