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

    /// Free ports in a row, those outside the ephemeral range first; nothing when fewer than `count` are free.
    ///
    /// - Parameter draw: Where the search begins, counted in free ports and taken modulo their number. The lowest ones
    ///   by default; concurrent callers draw at random, so that they rarely choose the same.
    public func choose(_ count: Int, taken: Set<UInt16>, draw: UInt32 = 0) -> [UInt16]? {
        let free = range.bounds.filter { !taken.contains($0) }
        let preferred = free.filter { ephemeral?.bounds.contains($0) != true }
        guard preferred.count < count else { return Self.row(of: count, in: preferred, draw) }
        let others = free.filter { ephemeral?.bounds.contains($0) == true }
        let missing = count - preferred.count
        guard others.count >= missing else { return nil }
        return preferred + Self.row(of: missing, in: others, draw)
    }

    /// `count` of at least as many ports, from the drawn one on; the first comes after the last.
    private static func row(of count: Int, in ports: [UInt16], _ draw: UInt32) -> [UInt16] {
        (0..<count).map { ports[(Int(draw) + $0) % ports.count] }
    }
}

/// Chooses a subnet of a fixed size from a pool. Pure, as ``PortAllocator``.
public struct SubnetAllocator: Sendable {
    /// Prefix length of a project's subnet: 30 usable addresses, room for thirteen services twice over.
    public static let prefixLength = 27

    public let pool: IPv4Network

    /// An allocator over a pool; nothing when the pool is smaller than one subnet.
    public init?(pool: IPv4Network) {
        guard pool.prefixLength <= Self.prefixLength else { return nil }
        self.pool = pool
    }

    /// Number of subnets in the pool.
    public var capacity: Int { 1 << (Self.prefixLength - pool.prefixLength) }

    /// A subnet that overlaps none of `taken`; nil when the pool is used up.
    ///
    /// - Parameter draw: Which subnet is tried first, counted from the lowest and taken modulo their number; see
    ///   ``PortAllocator/choose(_:taken:draw:)``.
    public func choose(taken: some Collection<IPv4Network>, draw: UInt32 = 0) -> IPv4Network? {
        let size = UInt32(1) << UInt32(32 - Self.prefixLength)
        let near = taken.filter { $0.overlaps(pool) }
        let first = Int(draw) % capacity
        for step in 0..<capacity {
            let index = (first + step) % capacity
            guard let base = pool.address(at: UInt32(index) * size),
                let candidate = IPv4Network(containing: base, prefixLength: Self.prefixLength)
            else { return nil }
            if !near.contains(where: { $0.overlaps(candidate) }) { return candidate }
        }
        return nil
    }
}
