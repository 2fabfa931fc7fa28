/// Which images are kept, as a value: those used last, up to a number of bytes.
public struct ImageCache: Sendable {
    private struct Entry {
        var bytes: Int
        var use: Int
    }

    private let bytesMax: Int
    private var entries: [String: Entry] = [:]
    private var uses = 0
    /// Sources that images are being made of: how many at once, and whether they were forgotten meanwhile.
    private var sources: [String: (count: Int, isForgotten: Bool)] = [:]
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

    /// An image of a source is going to be made.
    public mutating func begin(_ source: String) {
        sources[source] = ((sources[source]?.count ?? 0) + 1, sources[source]?.isForgotten ?? false)
    }

    /// It was made, or was not.
    public mutating func end(_ source: String) {
        guard let (count, isForgotten) = sources[source], count > 1 else {
            sources[source] = nil
            return
        }
        sources[source] = (count - 1, isForgotten)
    }

    /// Whether a source was forgotten while images are made of it.
    public func isForgotten(_ source: String) -> Bool { sources[source]?.isForgotten ?? false }

    /// Keeps an image, unless it is larger than all that may be kept, or its source was forgotten while it was made.
    ///
    /// - Returns: the images that have to go for it; nil where it is not kept.
    public mutating func keep(_ name: String, of source: String, bytes count: Int) -> [String]? {
        guard count <= bytesMax, !isForgotten(source) else { return nil }
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

    /// Keeps the images of one source no more, nor those that are being made of it.
    ///
    /// - Parameter source: what their names begin with.
    /// - Returns: their names.
    public mutating func forget(_ source: String) -> [String] {
        sources[source]?.isForgotten = true
        let names = entries.keys.filter { $0.hasPrefix(source) }.sorted()
        for name in names { drop(name) }
        return names
    }
}
