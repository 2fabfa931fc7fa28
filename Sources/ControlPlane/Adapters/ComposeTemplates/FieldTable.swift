import YAMLKit

/// Reads one key's value into `Target`.
typealias FieldReader<Target> = @Sendable (_ value: NodeCursor, _ target: inout Target) -> Void

/// The keys that a mapping may have, and what reads each.
typealias FieldTable<Target> = [String: FieldReader<Target>]

/// A field that takes what `read` gives, and keeps what it has when that is nothing.
func field<Target, Value>(
    _ keyPath: any WritableKeyPath<Target, Value> & Sendable, _ read: @escaping @Sendable (NodeCursor) -> Value?
) -> FieldReader<Target> {
    { value, target in
        if let read = read(value) { target[keyPath: keyPath] = read }
    }
}

extension NodeCursor {
    /// Reads a mapping key by key. A key outside `fields` is a problem, with the reason that `reasons` knows for it;
    /// `x-…` keys are allowed everywhere, as the Compose Specification says.
    func read<Target>(
        into target: inout Target, fields: FieldTable<Target>, reasons: [String: String] = [:],
        allowsExtensions: Bool = true
    ) {
        for (key, value) in entries() {
            if let read = fields[key] {
                read(value, &target)
            } else if !allowsExtensions || !key.hasPrefix("x-") {
                value.failAtKey(.unsupported, reasons[key] ?? "unknown key\(suggestion(for: key, among: fields.keys))")
            }
        }
    }

    private func suggestion(for key: String, among known: some Sequence<String>) -> String {
        Spelling.nearest(to: key, among: known).map { "; did you mean \($0)?" } ?? ""
    }
}

/// Finds the key that was probably meant.
enum Spelling {
    /// Longer keys are not compared.
    private static let maximumLength = 32

    /// The known key that differs from `key` by case, or by one or two letters where it is long enough.
    static func nearest(to key: String, among known: some Sequence<String>) -> String? {
        guard (3...maximumLength).contains(key.utf8.count) else { return nil }
        let allowed = key.utf8.count < 5 ? 1 : 2
        let candidates = known.sorted().map { (name: $0, distance: distance(key.lowercased(), $0.lowercased())) }
        return candidates.filter { $0.distance <= allowed }.min { $0.distance < $1.distance }?.name
    }

    /// Edit distance: how many letters are inserted, deleted or replaced to turn one text into the other.
    private static func distance(_ one: String, _ other: String) -> Int {
        let target = Array(other.utf8)
        var row = Array(0...target.count)
        for (index, byte) in one.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in target.indices {
                let replaced = diagonal + (byte == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[target.count]
    }
}
