/// Finds the name that somebody probably meant.
enum NearestName {
    /// Least likeness of names of tables and functions.
    static let nameLikeness = 0.75
    /// Least likeness of lists of parameters, and of relations to embed.
    static let listLikeness = 0.33
    /// Schemas with more names are not searched.
    static let namesMax = 500

    /// The most similar of `names`, if it is similar enough; of several the first in order.
    static func find(
        _ name: String, among names: some Collection<String>, likeness: Double,
        by measure: (String, String) -> Double = Self.likeness
    ) -> String? {
        guard names.count < namesMax else { return nil }
        let ranked = names.sorted().map { ($0, measure(name, $0)) }
        guard let best = ranked.map(\.1).max(), best >= likeness else { return nil }
        return ranked.first { $0.1 == best }?.0
    }

    /// Cosine of the two texts' counts of three characters in a row: for lists, where a text may be a part of the other.
    static func overlap(_ left: String, _ right: String) -> Double {
        let (left, right) = (grams(left), grams(right))
        let common = left.reduce(0) { $0 + $1.value * (right[$1.key] ?? 0) }
        let norm = { (grams: [String: Int]) in Double(grams.values.reduce(0) { $0 + $1 * $1 }).squareRoot() }
        let product = norm(left) * norm(right)
        return product == 0 ? 0 : Double(common) / product
    }

    private static func grams(_ text: String) -> [String: Int] {
        let characters = Array("-\(text.lowercased())-")
        guard characters.count > 2 else { return [:] }
        return (0...(characters.count - 3)).reduce(into: [:]) { $0[String(characters[$1...($1 + 2)]), default: 0] += 1 }
    }

    /// One, less the share of characters that have to change.
    static func likeness(_ left: String, _ right: String) -> Double {
        let (left, right) = (Array(left.lowercased()), Array(right.lowercased()))
        let longest = max(left.count, right.count)
        guard longest > 0 else { return 1 }
        return 1 - Double(distance(left, right)) / Double(longest)
    }

    /// Insertions, removals and replacements that make one text of the other.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let cost = diagonal + (character == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(cost, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
