public import Orchestrator

/// Installs ``NetworkRules`` with iptables, removes them, and reports whether they are in force.
public struct NetworkRulesInstaller: Sendable {
    /// How a program ended.
    public struct Outcome: Sendable, Equatable {
        /// Its exit status.
        public var status: Int32
        /// What it printed, bounded by the runner.
        public var output: String

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

    public init(_ rules: NetworkRules, run: @escaping Runner) {
        self.rules = rules
        self.run = run
    }

    /// What keeps the rules from being in force; empty when they are. Changes nothing.
    public func shortcomings() async throws(HostError) -> [String] {
        rules.shortcomings(in: try await listings())
    }

    /// Puts the rules in force, and takes those of an earlier version away afterwards. Repeated, it changes nothing that
    /// is right already.
    public func install() async throws(HostError) {
        _ = try await must("iptables-restore", ["-w", Self.lockSeconds, "--noflush"], input: rules.restoreText)
        let before = try await listings()
        // A jump that is reached stays as it is: its rules are in force all the time.
        for hook in rules.hooks where !rules.isReached(hook, in: before) {
            try await removeJumps(hook)
            try await iptables(hook.table, ["-I", hook.chain, "1", "-j", hook.target])
        }
        let left = rules.shortcomings(in: try await listings())
        guard left.isEmpty else { throw HostError("the rules are not in force: \(left.joined(separator: "; "))") }
        try await removeEarlierRules()
    }

    /// Removes the jumps and both chains, those of an earlier version included, and nothing else. Repeated, it finds
    /// nothing to do.
    public func remove() async throws(HostError) {
        try await removeEarlierRules()
        for hook in rules.hooks {
            try await removeJumps(hook)
            try await removeChain(hook.target, in: hook.table)
        }
    }

    private func removeEarlierRules() async throws(HostError) {
        try await removeJumps(rules.earlierHook)
        try await removeChain(rules.earlierHook.target, in: rules.earlierHook.table)
    }

    private func removeJumps(_ hook: NetworkRules.Hook) async throws(HostError) {
        for _ in 0..<Self.jumpsMax {
            guard try await listing(of: hook.table).chains[hook.chain]?.contains(hook.line) == true else { return }
            try await iptables(hook.table, ["-D", hook.chain, "-j", hook.target])
        }
        throw HostError("\(hook.chain) has more than \(Self.jumpsMax) jumps to \(hook.target); remove them by hand")
    }

    private func removeChain(_ chain: String, in table: NetworkRules.Table) async throws(HostError) {
        guard try await listing(of: table).chains[chain] != nil else { return }
        try await iptables(table, ["-F", chain])
        try await iptables(table, ["-X", chain])
    }

    private func listings() async throws(HostError) -> [NetworkRules.Table: FilterListing] {
        var listings: [NetworkRules.Table: FilterListing] = [:]
        for table in NetworkRules.Table.allCases { listings[table] = try await listing(of: table) }
        return listings
    }

    /// Lists all rules: each iptables version answers a question about a missing chain differently.
    private func listing(of table: NetworkRules.Table) async throws(HostError) -> FilterListing {
        FilterListing(try await iptables(table, ["-S"]))
    }

    @discardableResult
    private func iptables(_ table: NetworkRules.Table, _ arguments: [String]) async throws(HostError) -> String {
        try await must("iptables", ["-w", Self.lockSeconds, "-t", table.rawValue] + arguments)
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
