/// Finds what is new in a log of which only the last lines can be asked for. Pure.
public struct LogFollower: Sendable, Equatable {
    private var known: [String] = []

    /// A follower that has seen nothing.
    public init() {}

    /// The new lines among the last ones of the log: those after the longest end of what is known that the text begins
    /// with. When nothing is known again, because a container was replaced or more was written than was asked for, all
    /// of them.
    public mutating func new(in text: String) -> [String] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        // An empty answer is what a container that was just made gives; it does not make the rest forgotten.
        guard !lines.isEmpty else { return [] }
        let new = Array(lines.dropFirst(Self.overlap(of: known, with: lines)))
        known = lines
        return new
    }

    /// Length of the longest end of `old` that is a beginning of `new` (Knuth, Morris, Pratt: linear in both).
    private static func overlap(of old: [String], with new: [String]) -> Int {
        var borders = [0]
        var length = 0
        for index in new.indices.dropFirst() {
            while length > 0, new[index] != new[length] { length = borders[length - 1] }
            if new[index] == new[length] { length += 1 }
            borders.append(length)
        }
        length = 0
        for line in old {
            // A whole match in the middle of the old lines is no end of them: go on with a shorter one.
            while length == new.count || length > 0 && new[length] != line { length = borders[length - 1] }
            if new[length] == line { length += 1 }
        }
        return length
    }
}
