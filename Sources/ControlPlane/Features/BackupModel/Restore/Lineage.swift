import ProjectModel

/// The way of a cluster's log from its first time line to one of its later ones.
struct Lineage {
    /// A time line, and where it was left for the next one; nil for the last.
    struct Leg: Hashable {
        var timeline: TimelineID
        var leftAt: WALPosition?
    }

    /// From the oldest known ancestor on.
    let legs: [Leg]
    private let seen: [TimelineID: Timestamp]

    init(of timeline: TimelineID, in branches: [TimelineBranch]) {
        var legs = [Leg(timeline: timeline, leftAt: nil)]
        // A parent has a smaller number: what claims otherwise is not followed.
        while let own = legs.first?.timeline, let branch = branches.first(where: { $0.timeline == own }),
            branch.parent < own
        {
            legs.insert(Leg(timeline: branch.parent, leftAt: branch.from), at: 0)
        }
        self.legs = legs
        seen = Dictionary(branches.map { ($0.timeline, $0.seen) }) { first, _ in first }
    }

    /// The way from a base on; nil when the base was taken elsewhere, or after the way had left its time line.
    ///
    /// Nil, too, for a base that is older than what the archive knows of its time line: a server takes the number of a
    /// time line again of which it does not know, so that the log that the archive has can be another's.
    func legs(from base: BaseBackup) -> ArraySlice<Leg>? {
        if let seen = seen[base.timeline], base.begun < seen { return nil }
        guard let index = legs.firstIndex(where: { $0.timeline == base.timeline }) else { return nil }
        if let leftAt = legs[index].leftAt, leftAt < base.end { return nil }
        return legs[index...]
    }
}
