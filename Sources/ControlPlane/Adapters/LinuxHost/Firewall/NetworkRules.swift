public import ProjectModel

/// Packet filter rules that keep the projects of one installation apart from each other, from the host and from its
/// network, as iptables prints them. A plan as text: nothing here touches the host.
///
/// The rules are in two chains of the installation's own. `FORWARD` of the table `mangle` and `INPUT` of `filter` get one
/// rule each, a jump there: no other rule of a foreign chain is added, changed or removed. The engine rewrites `FORWARD`
/// of `filter` whenever it makes a network, and lets packets between networks pass meanwhile; it has nothing in `mangle`.
public struct NetworkRules: Sendable, Equatable {
    /// A table of the packet filter.
    public enum Table: String, Sendable, CaseIterable {
        /// Packets pass it before ``filter``; what is dropped in one of them is dropped.
        case mangle
        case filter
    }

    /// A jump from a foreign chain into one of ours.
    public struct Hook: Sendable, Equatable {
        /// The table of both chains.
        public let table: Table
        /// The other's chain.
        public let chain: String
        /// Our chain.
        public let target: String

        /// The rule, as iptables prints it.
        public var line: String { "-A \(chain) -j \(target)" }
    }

    /// The installation's identifier, 12 hexadecimal digits.
    public let installation: String
    /// Subnets of all projects.
    public let pool: IPv4Network
    /// Host ports on which projects publish.
    public let ports: PortRange

    /// Rules of an installation; nothing when its identifier is not one.
    public init?(installation: String, pool: IPv4Network, ports: PortRange) {
        // A chain's name has at most 28 characters.
        guard installation.wholeMatch(of: /[0-9a-f]{12}/) != nil else { return nil }
        self.installation = installation
        self.pool = pool
        self.ports = ports
    }

    /// Chain for packets that the host forwards.
    public var forwardChain: String { "SUPAMANAGER-\(installation)-FW" }
    /// Chain for packets to the host itself.
    public var inputChain: String { "SUPAMANAGER-\(installation)-IN" }

    /// The jumps into the chains.
    public var hooks: [Hook] {
        [
            Hook(table: .mangle, chain: "FORWARD", target: forwardChain),
            Hook(table: .filter, chain: "INPUT", target: inputChain),
        ]
    }

    /// The jump of earlier versions, whose forward chain was in `filter`.
    public var earlierHook: Hook { Hook(table: .filter, chain: "DOCKER-USER", target: forwardChain) }

    /// Where clouds answer with a machine's credentials: addresses that are valid on one link only, and those of clouds
    /// that chose another one (Azure, Alibaba Cloud).
    private static let credentialSources = ["169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32"]
    /// What containers reach beyond the host, and who reaches containers. `mangle` has no REJECT.
    public var forwardRules: [String] {
        let chain = "-A \(forwardChain)"
        let closed = Self.credentialSources.flatMap { source in
            [
                // Some clouds have their name server there, too.
                "\(chain) -s \(pool) -d \(source) -p udp -m udp --dport 53 -j RETURN",
                "\(chain) -s \(pool) -d \(source) -p tcp -m tcp --dport 53 -j RETURN",
                "\(chain) -s \(pool) -d \(source) -j DROP",
            ]
        }
        return closed + [
            "\(chain) -d \(pool) -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
            // Within one network. Where the kernel has no br_netfilter, these frames come to no rule at all.
            "\(chain) -s \(pool) -d \(pool) -m physdev --physdev-is-bridged -j RETURN",
            // Published ports: the engine's own rules say who reaches them.
            "\(chain) -d \(pool) -m conntrack --ctstate DNAT -j RETURN",
            "\(chain) -d \(pool) -j DROP",
        ]
    }

    /// What containers reach on the host: answers to what the host began (probes), its name server, published ports.
    public var inputRules: [String] {
        let chain = "-A \(inputChain)"
        return [
            "\(chain) -s \(pool) -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
            "\(chain) -s \(pool) -p udp -m udp --dport 53 -j RETURN",
            "\(chain) -s \(pool) -p tcp -m tcp --dport 53 -j RETURN",
            "\(chain) -s \(pool) -p tcp -m tcp --dport \(portMatch) -j RETURN",
            "\(chain) -s \(pool) -j REJECT --reject-with icmp-admin-prohibited",
        ]
    }

    private var portMatch: String {
        ports.bounds.count == 1 ? "\(ports.bounds.lowerBound)" : "\(ports.bounds.lowerBound):\(ports.bounds.upperBound)"
    }

    private var chains: [(table: Table, name: String, rules: [String])] {
        [(.mangle, forwardChain, forwardRules), (.filter, inputChain, inputRules)]
    }

    /// Input of `iptables-restore --noflush`: makes both chains, or replaces their content, each at once.
    public var restoreText: String {
        let lines = chains.flatMap { ["*\($0.table.rawValue)", ":\($0.name) - [0:0]"] + $0.rules + ["COMMIT"] }
        return (lines + [""]).joined(separator: "\n")
    }

    /// The whole plan for a person: commands that do what ``NetworkRulesInstaller`` does.
    public var commands: String {
        let jumps = hooks.map { hook in
            let iptables = "iptables -w -t \(hook.table.rawValue)"
            let jump = "\(hook.chain) -j \(hook.target)"
            return "\(iptables) -C \(jump) 2>/dev/null || \(iptables) -I \(hook.chain) 1 -j \(hook.target)"
        }
        let earlier = """
            # Rules of an earlier version, where there are any, once the new ones are in force:
            if iptables -w -t mangle -C FORWARD -j \(forwardChain); then
                while iptables -w -D \(earlierHook.chain) -j \(forwardChain) 2>/dev/null; do :; done
                if iptables -w -F \(forwardChain) 2>/dev/null; then iptables -w -X \(forwardChain); fi
            fi
            """
        return "iptables-restore -w --noflush <<'RULES'\n\(restoreText)RULES\n"
            + (jumps + [earlier, ""]).joined(separator: "\n")
    }

    /// What keeps the rules from being in force; empty when they are.
    public func shortcomings(in listings: [Table: FilterListing]) -> [String] {
        var found: [String] = []
        for (table, name, wanted) in chains {
            guard let rules = listings[table]?.chains[name] else {
                found.append("the chain \(name) does not exist in the table \(table.rawValue)")
                continue
            }
            if rules != wanted { found.append("the chain \(name) of the table \(table.rawValue) holds other rules") }
        }
        for hook in hooks where !isReached(hook, in: listings) {
            found.append("\(hook.chain) of the table \(hook.table.rawValue) does not lead to \(hook.target)")
        }
        if !found.isEmpty, hasEarlierRules(in: listings) {
            found.append(
                "\(earlierHook.chain) leads to rules of an earlier version, which the engine takes out of force whenever "
                    + "it makes a network")
        }
        return found
    }

    /// Whether the jump stands before a rule that ends the chain for every packet.
    func isReached(_ hook: Hook, in listings: [Table: FilterListing]) -> Bool {
        let rules = listings[hook.table]?.chains[hook.chain] ?? []
        let ends = ["RETURN", "ACCEPT", "DROP"].map { "-A \(hook.chain) -j \($0)" }
        return rules.first { $0 == hook.line || ends.contains($0) } == hook.line
    }

    /// Whether a jump of an earlier version is left.
    private func hasEarlierRules(in listings: [Table: FilterListing]) -> Bool {
        listings[earlierHook.table]?.chains[earlierHook.chain]?.contains(earlierHook.line) == true
    }
}
