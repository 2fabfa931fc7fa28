public import ProjectModel

/// Chooses host ports. Pure: what is taken comes in, the choice goes out; the database's unique constraint has the
/// last word.
public struct PortAllocator: Sendable {
    /// Ports that may be given.
    public let range: PortRange
    /// Ports from which the kernel takes those of outgoing connections: used only when nothing else is left, since
    /// any connection may hold one for a moment.
    public let ephemeral: PortRange?

    /// An allocator over a range.
    public init(range: PortRange, ephemeral: PortRange?) {
        self.range = range
        self.ephemeral = ephemeral
    }

    /// The lowest free ports, those outside the ephemeral range first; nothing when fewer than `count` are free.
    public func choose(_ count: Int, taken: Set<UInt16>) -> [UInt16]? {
        var preferred: [UInt16] = []
        var others: [UInt16] = []
        for port in range.bounds where !taken.contains(port) {
            if let ephemeral, ephemeral.bounds.contains(port) {
                if others.count < count { others.append(port) }
            } else {
                preferred.append(port)
                if preferred.count == count { return preferred }
            }
        }
        let chosen = (preferred + others).prefix(count)
        return chosen.count == count ? Array(chosen) : nil
    }
}

/// Chooses a subnet of a fixed size from a pool. Pure, as ``PortAllocator``.
public struct SubnetAllocator: Sendable {
    /// Prefix length of a project's subnet: 30 usable addresses, room for thirteen services twice over.
    public static let prefixLength = 27

    /// The pool.
    public let pool: IPv4Network

    /// An allocator over a pool; nothing when the pool is smaller than one subnet.
    public init?(pool: IPv4Network) {
        guard pool.prefixLength <= Self.prefixLength else { return nil }
        self.pool = pool
    }

    /// Number of subnets in the pool.
    public var capacity: Int { 1 << (Self.prefixLength - pool.prefixLength) }

    /// The lowest subnet that overlaps nothing of `taken`; nothing when the pool is used up.
    public func choose(taken: some Collection<IPv4Network>) -> IPv4Network? {
        let size = UInt32(1) << UInt32(32 - Self.prefixLength)
        let near = taken.filter { $0.overlaps(pool) }
        for index in 0..<capacity {
            guard let base = pool.address(at: UInt32(index) * size),
                let candidate = IPv4Network(containing: base, prefixLength: Self.prefixLength)
            else { return nil }
            if !near.contains(where: { $0.overlaps(candidate) }) { return candidate }
        }
        return nil
    }
}
