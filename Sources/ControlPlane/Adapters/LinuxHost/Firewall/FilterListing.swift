/// What `iptables -S` prints of one table, by chain.
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
