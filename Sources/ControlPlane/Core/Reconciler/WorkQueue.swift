/// Keys waiting to be worked on. The same key is never worked on twice at once; a key that is added while in work is
/// worked on once more afterwards. A value: no lock, no clock.
public struct WorkQueue<Key: Hashable & Sendable>: Sendable {
    /// Most keys in work at once.
    public let activeMax: Int
    private var waiting: [Key] = []
    private var queued: Set<Key> = []
    private var active: Set<Key> = []
    private var again: Set<Key> = []

    public init(activeMax: Int) { self.activeMax = max(1, activeMax) }

    /// Number of keys waiting, those in work and due once more included.
    public var waitingCount: Int { waiting.count + again.count }

    /// Adds a key; one that waits already is not added twice.
    public mutating func add(_ key: Key) {
        if active.contains(key) {
            again.insert(key)
        } else if queued.insert(key).inserted {
            waiting.append(key)
        }
    }

    /// Takes the key that has waited longest into work; nothing when none waits or enough are in work.
    public mutating func take() -> Key? {
        guard active.count < activeMax, !waiting.isEmpty else { return nil }
        let key = waiting.removeFirst()
        queued.remove(key)
        active.insert(key)
        return key
    }

    /// Ends the work on a key.
    public mutating func finish(_ key: Key) {
        guard active.remove(key) != nil else { return }
        if again.remove(key) != nil { add(key) }
    }
}
