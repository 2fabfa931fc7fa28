/// A hash that shows whether a project's objects on the engine are the same as at another time. The order in which they
/// are added does not matter. It is valid within one process only: hashes are seeded at its start.
public struct StackFingerprint: Sendable, Hashable {
    private var sum: UInt64 = 0
    private var count = 0

    /// The fingerprint of nothing.
    public init() {}

    /// Adds one object by everything that distinguishes it, and its present run, from others.
    public mutating func add(_ object: some Hashable) {
        var hasher = Hasher()
        hasher.combine(object)
        sum &+= UInt64(bitPattern: Int64(hasher.finalize()))
        count += 1
    }
}
