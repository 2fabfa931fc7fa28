/// Finds the known name that is most like a misspelled one.
enum NearestName {
    /// Least likeness of names of tables and functions.
    static let nameLikeness = 0.75
    /// Least likeness of lists of parameters, and of relations to embed.
    static let listLikeness = 0.33
    /// Schemas with more names are not searched.
    static let namesMax = 500
    /// Bytes of a name in PostgreSQL (`NAMEDATALEN`, less one): what is longer is near to none.
    static let nameBytesMax = 63
    /// Bytes of a list of parameters. The measures take time by the product of both lengths.
    static let listBytesMax = 2_048

    /// The most similar of `names`, if it is similar enough; of several the first in order.
    static func find(_ name: String, among names: some Collection<String>, likeness: Double) -> String? {
        find(name, among: names, bytesMax: nameBytesMax, likeness: likeness, by: Self.likeness)
    }

    /// The most similar of `lists` of parameters, if it is similar enough; of several the first in order.
    static func find(list given: [String], among lists: some Collection<String>) -> String? {
        guard given.allSatisfy({ $0.utf8.count <= nameBytesMax }) else { return nil }
        return find(
            given.joined(separator: ", "), among: lists, bytesMax: listBytesMax, likeness: listLikeness,
            by: { max(Self.likeness($0, $1), overlap($0, $1)) })
    }

    private static func find(
        _ text: String, among texts: some Collection<String>, bytesMax: Int, likeness: Double,
        by measure: (String, String) -> Double
    ) -> String? {
        guard text.utf8.count <= bytesMax, texts.count < namesMax else { return nil }
        let ranked = texts.filter { $0.utf8.count <= bytesMax }.sorted().map { ($0, measure(text, $0)) }
        guard let best = ranked.map(\.1).max(), best >= likeness else { return nil }
        return ranked.first { $0.1 == best }?.0
    }

    /// Cosine of the two texts' counts of three scalars in a row: for lists, where a text may be a part of the other.
    static func overlap(_ left: String, _ right: String) -> Double {
        let (left, right) = (grams(left), grams(right))
        let common = left.reduce(0) { $0 + $1.value * (right[$1.key] ?? 0) }
        let norm = { (grams: [[Unicode.Scalar]: Int]) in
            Double(grams.values.reduce(0) { $0 + $1 * $1 }).squareRoot()
        }
        let product = norm(left) * norm(right)
        return product == 0 ? 0 : Double(common) / product
    }

    private static func grams(_ text: String) -> [[Unicode.Scalar]: Int] {
        let scalars = Array("-\(text.lowercased())-".unicodeScalars)
        guard scalars.count > 2 else { return [:] }
        return (0...(scalars.count - 3)).reduce(into: [:]) { $0[Array(scalars[$1...($1 + 2)]), default: 0] += 1 }
    }

    /// One, less the share of scalars that have to change.
    static func likeness(_ left: String, _ right: String) -> Double {
        let (left, right) = (Array(left.lowercased().unicodeScalars), Array(right.lowercased().unicodeScalars))
        let longest = max(left.count, right.count)
        guard longest > 0 else { return 1 }
        return 1 - Double(distance(left, right)) / Double(longest)
    }

    /// Insertions, removals and replacements that make one text of the other.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var row = Array(0...right.count)
        for (index, scalar) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let cost = diagonal + (scalar == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(cost, row[column] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
