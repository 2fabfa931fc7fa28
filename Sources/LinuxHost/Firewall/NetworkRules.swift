public import ProjectModel

/// Packet filter rules that keep the projects of one installation apart from the host and from its network, as iptables
/// prints them. A plan as text: nothing here touches the host.
///
/// The rules are in two chains of the installation's own. `DOCKER-USER` and `INPUT` get one rule each, a jump there: no
/// other rule of a foreign chain is added, changed or removed.
public struct NetworkRules: Sendable, Equatable {
    /// A jump from a foreign chain into one of ours.
    public struct Hook: Sendable, Equatable {
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
        [Hook(chain: "DOCKER-USER", target: forwardChain), Hook(chain: "INPUT", target: inputChain)]
    }

    /// Where clouds answer with a machine's credentials: addresses that are valid on one link only, and those of clouds
    /// that chose another one (Azure, Alibaba Cloud).
    private static let credentialSources = ["169.254.0.0/16", "168.63.129.16/32", "100.100.100.200/32"]
    private static let refusal = "-j REJECT --reject-with icmp-admin-prohibited"

    /// What containers reach beyond the host, and who reaches containers.
    public var forwardRules: [String] {
        let chain = "-A \(forwardChain)"
        let closed = Self.credentialSources.flatMap { source in
            [
                // Some clouds have their name server there, too.
                "\(chain) -s \(pool) -d \(source) -p udp -m udp --dport 53 -j RETURN",
                "\(chain) -s \(pool) -d \(source) -p tcp -m tcp --dport 53 -j RETURN",
                "\(chain) -s \(pool) -d \(source) \(Self.refusal)",
            ]
        }
        return closed + [
            // Into a project: answers, its own services, and what it publishes. The engine keeps projects apart.
            "\(chain) -d \(pool) -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
            "\(chain) -s \(pool) -d \(pool) -i br-+ -j RETURN",
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
            "\(chain) -s \(pool) \(Self.refusal)",
        ]
    }

    private var portMatch: String {
        ports.bounds.count == 1 ? "\(ports.bounds.lowerBound)" : "\(ports.bounds.lowerBound):\(ports.bounds.upperBound)"
    }

    /// Input of `iptables-restore --noflush`: makes both chains, or replaces their content, at once.
    public var restoreText: String {
        (["*filter", ":\(forwardChain) - [0:0]", ":\(inputChain) - [0:0]"] + forwardRules + inputRules + ["COMMIT", ""])
            .joined(separator: "\n")
    }

    /// The whole plan for a person: commands that do what ``NetworkRulesInstaller`` does.
    public var commands: String {
        let jumps = hooks.map { hook in
            "iptables -w -C \(hook.chain) -j \(hook.target) 2>/dev/null || iptables -w -I \(hook.chain) 1 -j \(hook.target)"
        }
        return "iptables-restore -w --noflush <<'RULES'\n\(restoreText)RULES\n" + jumps.joined(separator: "\n") + "\n"
    }

    /// What keeps the rules from being in force; empty when they are.
    public func shortcomings(in filter: FilterListing) -> [String] {
        var found: [String] = []
        for (chain, wanted) in [(forwardChain, forwardRules), (inputChain, inputRules)] {
            guard let rules = filter.chains[chain] else {
                found.append("the chain \(chain) does not exist")
                continue
            }
            if rules != wanted { found.append("the chain \(chain) holds other rules") }
        }
        for hook in hooks where !Self.isReached(hook, in: filter.chains[hook.chain] ?? []) {
            found.append("\(hook.chain) does not lead to \(hook.target)")
        }
        return found
    }

    /// Whether the jump stands before a rule that ends the chain for every packet.
    private static func isReached(_ hook: Hook, in rules: [String]) -> Bool {
        let ends = ["RETURN", "ACCEPT", "DROP"].map { "-A \(hook.chain) -j \($0)" }
        return rules.first { $0 == hook.line || ends.contains($0) } == hook.line
    }
}

/// What `iptables -S` prints, by chain.
public struct FilterListing: Sendable, Equatable {
    /// The rules of each chain in order, as they are printed.
    public let chains: [String: [String]]

    /// Reads the text; lines of other kinds are left out.
    public init(_ text: String) {
        var chains: [String: [String]] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            guard words.count > 1 else { continue }
            let chain = String(words[1])
            switch words[0] {
            case "-P", "-N": chains[chain] = chains[chain] ?? []
            case "-A": chains[chain, default: []].append(words.joined(separator: " "))
            default: continue
            }
        }
        self.chains = chains
    }
}
