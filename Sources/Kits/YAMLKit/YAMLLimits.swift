/// The bounds of one parse. Every one of them ends in a `YAMLError` with code `.limit`, never in a crash or a stall.
public struct YAMLLimits: Sendable, Hashable {
    /// Size of the whole text in bytes.
    public var textBytes = 1 << 20
    /// Nesting of sequences and mappings, aliases followed.
    public var depth = 64
    /// Nodes of the tree after every alias is replaced by what it stands for: the bound on "billion laughs" texts.
    public var nodes = 50_000
    /// Size of one mapping key in bytes. Below libyaml's own bound of 1024 characters for a key on one line even when
    /// every character of it has to be escaped, so that every parsed document can be emitted.
    public var keyBytes = 200

    /// The bounds used when none are given.
    public init() {}
}
