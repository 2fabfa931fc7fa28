/// Keys and values in the order of the text; no key is there twice.
public struct YAMLMapping: Sendable, Hashable {
    /// One key with its value.
    public struct Entry: Sendable, Hashable {
        /// The key as it is written: a string, unless it is plain and looks like another type.
        public var keyScalar: YAMLScalar
        /// The position of the key.
        public var keyMark: YAMLMark
        /// The value.
        public var value: YAMLNode

        /// An entry whose key stands at `keyMark`.
        public init(_ keyScalar: YAMLScalar, at keyMark: YAMLMark = .generated, value: YAMLNode) {
            self.keyScalar = keyScalar
            self.keyMark = keyMark
            self.value = value
        }

        /// The key's text.
        public var key: String { keyScalar.text }

        /// Equal keys with equal values.
        public static func == (left: Entry, right: Entry) -> Bool {
            left.keyScalar.value == right.keyScalar.value && left.value == right.value
        }

        /// Hashes what `==` compares.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(keyScalar.value)
            hasher.combine(value)
        }
    }

    /// The entries in the order of the text.
    public private(set) var entries: [Entry]

    /// An empty mapping.
    public init() { entries = [] }

    /// A mapping with `pairs` in that order; of a key that comes twice the last value counts.
    public init(_ pairs: [(key: String, value: YAMLNode)]) {
        entries = []
        entries.reserveCapacity(pairs.count)
        var indices: [String: Int] = [:]
        for (key, value) in pairs {
            if let index = indices[key] {
                entries[index].value = value
            } else {
                indices[key] = entries.count
                entries.append(Entry(YAMLScalar(key, style: .doubleQuoted), value: value))
            }
        }
    }

    /// The value of `key`.
    public subscript(key: String) -> YAMLNode? { entries.first { $0.key == key }?.value }

    /// The keys in the order of the text.
    public var keys: [String] { entries.map(\.key) }

    /// Whether there is nothing in it.
    public var isEmpty: Bool { entries.isEmpty }

    /// The number of keys.
    public var count: Int { entries.count }

    /// Takes entries that are known to have different keys.
    init(unique entries: [Entry]) { self.entries = entries }

    /// The same keys in the same order with the values that `change` makes of the entries.
    public func mapValues(_ change: (Entry) -> YAMLNode) -> YAMLMapping {
        YAMLMapping(unique: entries.map { Entry($0.keyScalar, at: $0.keyMark, value: change($0)) })
    }

    /// The entries that `isIncluded` accepts.
    public func filter(_ isIncluded: (Entry) -> Bool) -> YAMLMapping {
        YAMLMapping(unique: entries.filter(isIncluded))
    }
}
