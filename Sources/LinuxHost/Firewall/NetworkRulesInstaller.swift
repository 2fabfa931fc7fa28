public import Orchestrator

/// Installs ``NetworkRules`` with iptables, removes them, and reports whether they are in force.
public struct NetworkRulesInstaller: Sendable {
    /// How a program ended.
    public struct Outcome: Sendable, Equatable {
        /// Its exit status.
        public var status: Int32
        /// What it printed, bounded by the runner.
        public var output: String

        /// An outcome.
        public init(status: Int32, output: String) {
            self.status = status
            self.output = output
        }
    }

    /// Runs a program of the host to its end within a time of the runner's; `input` is the text of a file whose path
    /// becomes the last argument.
    public typealias Runner =
        @Sendable (_ program: String, _ arguments: [String], _ input: String?) async throws(HostError) -> Outcome

    /// Seconds that iptables waits for another one to finish.
    private static let lockSeconds = "5"
    /// Most copies of one jump that are removed; the installer itself never makes more than one.
    private static let jumpsMax = 16

    private let rules: NetworkRules
    private let run: Runner

    /// An installer of these rules.
    public init(_ rules: NetworkRules, run: @escaping Runner) {
        self.rules = rules
        self.run = run
    }

    /// What keeps the rules from being in force; empty when they are. Changes nothing.
    public func shortcomings() async throws(HostError) -> [String] {
        rules.shortcomings(in: try await listing())
    }

    /// Puts the rules in force. Repeated, it changes nothing that is right already.
    public func install() async throws(HostError) {
        guard try await listing().chains["DOCKER-USER"] != nil else {
            throw HostError(
                "iptables has no chain DOCKER-USER: the engine is not running, or manages no packet filter "
                    + "(\"iptables\": false); the rules have to be set by hand (network-rules print)")
        }
        _ = try await must("iptables-restore", ["-w", Self.lockSeconds, "--noflush"], input: rules.restoreText)
        let left = rules.shortcomings(in: try await listing())
        guard !left.isEmpty else { return }
        for hook in rules.hooks {
            try await removeJumps(hook)
            _ = try await must("iptables", ["-w", Self.lockSeconds, "-I", hook.chain, "1", "-j", hook.target])
        }
        let still = rules.shortcomings(in: try await listing())
        guard still.isEmpty else { throw HostError("the rules are not in force: \(still.joined(separator: "; "))") }
    }

    /// Removes the jumps and both chains, and nothing else. Repeated, it finds nothing to do.
    public func remove() async throws(HostError) {
        for hook in rules.hooks { try await removeJumps(hook) }
        let filter = try await listing()
        for chain in [rules.forwardChain, rules.inputChain] where filter.chains[chain] != nil {
            _ = try await must("iptables", ["-w", Self.lockSeconds, "-F", chain])
            _ = try await must("iptables", ["-w", Self.lockSeconds, "-X", chain])
        }
    }

    private func removeJumps(_ hook: NetworkRules.Hook) async throws(HostError) {
        for _ in 0..<Self.jumpsMax {
            guard try await listing().chains[hook.chain]?.contains(hook.line) == true else { return }
            _ = try await must("iptables", ["-w", Self.lockSeconds, "-D", hook.chain, "-j", hook.target])
        }
        throw HostError("\(hook.chain) has more than \(Self.jumpsMax) jumps to \(hook.target); remove them by hand")
    }

    /// Lists all rules: each iptables version answers a question about a missing chain differently.
    private func listing() async throws(HostError) -> FilterListing {
        FilterListing(try await must("iptables", ["-w", Self.lockSeconds, "-S"]))
    }

    private func must(_ program: String, _ arguments: [String], input: String? = nil) async throws(HostError) -> String
    {
        let outcome = try await run(program, arguments, input)
        guard outcome.status == 0 else {
            throw Self.failure(([program] + arguments).joined(separator: " "), outcome)
        }
        return outcome.output
    }

    private static func failure(_ command: String, _ outcome: Outcome) -> HostError {
        let words = outcome.output.split(whereSeparator: \.isNewline).first.map(String.init) ?? "no output"
        let hint =
            words.contains("you must be root") || words.contains("Permission denied")
            ? "; run it as root: the packet filter is the whole machine's" : ""
        return HostError("\(command) ended with status \(outcome.status): \(words)\(hint)")
    }
}
