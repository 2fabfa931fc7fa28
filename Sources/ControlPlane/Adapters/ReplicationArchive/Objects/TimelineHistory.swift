import BackupModel
import ProjectModel

/// PostgreSQL's file of a time line's ancestors: a line for each, with where it was left and why.
struct TimelineHistory {
    private var ancestors: [(timeline: TimelineID, leftAt: WALPosition)] = []

    /// Nil when a line is none.
    init?(_ text: String) {
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(maxSplits: 2) { $0 == "\t" || $0 == " " }
            guard !words.isEmpty else { continue }
            guard words.count >= 2, let timeline = UInt32(words[0]), let position = WALPosition(text: String(words[1]))
            else { return nil }
            ancestors.append((TimelineID(timeline), position))
        }
    }

    /// Where the time line left its parent.
    func branch(_ timeline: TimelineID, seen: Timestamp) -> TimelineBranch? {
        ancestors.last.map { TimelineBranch(timeline: timeline, parent: $0.timeline, from: $0.leftAt, seen: seen) }
    }
}
