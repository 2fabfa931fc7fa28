public import FoundationEssentials

/// How long ago something was, in one number and one unit. Pure.
public enum Age {
    private static let units: [(seconds: Int, name: String)] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]

    /// `5 m`, `3 h`, `12 d`; the text itself where it is no time, and `now` for a time to come.
    ///
    /// - Parameter time: as in RFC 3339.
    public static func text(of time: String?, at now: Date = .now) -> String {
        guard let time, !time.isEmpty else { return "" }
        guard let date = date(time) else { return time }
        let seconds = Int(now.timeIntervalSince(date).rounded(.down))
        guard let unit = units.first(where: { seconds >= $0.seconds }) else { return "now" }
        return "\(seconds / unit.seconds) \(unit.name)"
    }

    private static func date(_ text: String) -> Date? {
        for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
            do { return try style.parse(text) } catch { continue }
        }
        return nil
    }
}

/// Which of some words a person may have meant. Pure.
public enum Suggestion {
    /// Most letters that may differ.
    static let distanceMax = 2

    /// The word that differs least, among those that differ by at most two letters, or a third of a short word's.
    public static func nearest(to word: String, among words: [String]) -> String? {
        let scored = words.map { ($0, distance(Array(word.lowercased()), Array($0.lowercased()))) }
        let limit = min(distanceMax, max(1, word.count / 3))
        return scored.filter { $0.1 <= limit }.min { ($0.1, $0.0) < ($1.1, $1.0) }?.0
    }

    /// Letters that are changed, added, left out, or exchanged with their neighbour.
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var line = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(last[column] + (letter == other ? 0 : 1), last[column + 1] + 1, line[column] + 1)
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, before[column - 1] + 1)
                }
                line.append(best)
            }
            (before, last) = (last, line)
        }
        return last[right.count]
    }
}
