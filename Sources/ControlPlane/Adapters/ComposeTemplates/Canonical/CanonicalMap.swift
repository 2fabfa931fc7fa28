import YAMLKit

/// Builds a mapping of the canonical form: what is not there is left out.
struct CanonicalMap {
    private var pairs: [(key: String, value: YAMLNode)] = []

    var node: YAMLNode { .map(pairs) }

    mutating func add(_ key: String, _ node: YAMLNode?) {
        if let node { pairs.append((key, node)) }
    }

    mutating func add(_ key: String, _ text: String?) { add(key, text.map { .string($0) }) }

    mutating func add(_ key: String, _ number: Int?) { add(key, number.map { .integer($0) }) }

    mutating func add(_ key: String, _ number: Double?) { add(key, number.map { .number($0) }) }

    mutating func add(_ key: String, _ flag: Bool?) { add(key, flag.map { .boolean($0) }) }

    mutating func add(_ key: String, _ duration: Duration?) { add(key, duration.map(ComposeDuration.format)) }

    /// Sizes are texts, as Compose writes them.
    mutating func add(_ key: String, bytes: Int?) { add(key, bytes.map(String.init)) }

    /// A file mode in octal digits.
    mutating func add(_ key: String, mode: Int?) { add(key, mode.map { "0" + String($0, radix: 8) }) }

    /// A list; an empty one is left out.
    mutating func add(_ key: String, _ texts: [String]) {
        if !texts.isEmpty { add(key, .list(texts.map { .string($0) })) }
    }

    /// A mapping in order of its keys; an empty one is left out.
    mutating func add(_ key: String, _ texts: [String: String]) { add(key, texts) { .string($0) } }

    /// A mapping in order of its keys; an empty one is left out.
    mutating func add<Value>(_ key: String, _ values: [String: Value], as node: (Value) -> YAMLNode) {
        if !values.isEmpty { add(key, .sortedMap(values, node)) }
    }

    /// The entries of a mapping.
    mutating func add(_ mapping: YAMLMapping) {
        for entry in mapping.entries { add(entry.key, entry.value) }
    }
}

extension YAMLNode {
    /// A mapping in order of its keys.
    static func sortedMap<Value>(_ values: [String: Value], _ node: (Value) -> YAMLNode) -> YAMLNode {
        .map(values.sorted { $0.key < $1.key }.map { ($0.key, node($0.value)) })
    }
}
