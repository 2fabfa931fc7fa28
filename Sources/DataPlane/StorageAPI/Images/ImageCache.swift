/// Which images are kept, as a value: those used last, up to a number of bytes.
public struct ImageCache: Sendable {
    private struct Entry {
        var bytes: Int
        var use: Int
    }

    private let bytesMax: Int
    private var entries: [String: Entry] = [:]
    private var uses = 0
    /// Bytes of what is kept.
    public private(set) var bytes = 0

    /// Keeps nothing yet.
    public init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Whether an image is kept. It counts as used.
    public mutating func use(_ name: String) -> Bool {
        guard entries[name] != nil else { return false }
        uses += 1
        entries[name]?.use = uses
        return true
    }

    /// Keeps an image, unless it is larger than all that may be kept.
    ///
    /// - Returns: the images that have to go for it; nil where it is not kept.
    public mutating func keep(_ name: String, bytes count: Int) -> [String]? {
        guard count <= bytesMax else { return nil }
        drop(name)
        var gone: [String] = []
        while bytes > bytesMax - count, let oldest = entries.min(by: { $0.value.use < $1.value.use })?.key {
            drop(oldest)
            gone.append(oldest)
        }
        uses += 1
        entries[name] = Entry(bytes: count, use: uses)
        bytes += count
        return gone
    }

    /// Keeps an image no more.
    public mutating func drop(_ name: String) {
        bytes -= entries.removeValue(forKey: name)?.bytes ?? 0
    }

    /// Keeps the images of one source no more. Their names.
    public mutating func drop(prefix: String) -> [String] {
        let names = entries.keys.filter { $0.hasPrefix(prefix) }.sorted()
        for name in names { drop(name) }
        return names
    }
}
