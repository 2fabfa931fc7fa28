import ProjectModel

/// Which base backup and which log serve a target.
public enum RestorePlanner {
    /// The plan for a target.
    ///
    /// A time is looked for on the newest time line that existed then. The base is the youngest that was complete at
    /// the target, because replaying less is faster.
    ///
    /// - Parameter known: the last progress of a receiver: it moves the latest time while the database is idle.
    /// - Throws: ``BackupError/noBase``, ``BackupError/noBackup(_:)``, ``BackupError/outside(_:)``, ``BackupError/gap(_:)``.
    public static func plan(
        for target: RestoreTarget, in contents: ArchiveContents, known: WALProgress? = nil
    ) throws(BackupError) -> RestorePlan {
        guard !contents.bases.isEmpty else { throw .outside(nil) }
        switch target {
        case .latest: return try planLatest(contents, known)
        case .time(let time): return try plan(at: time, contents, known)
        case .restorePoint(let point): return try plan(to: point, contents)
        case .backup(let id): return try plan(toEndOf: id, contents)
        }
    }

    /// What can be restored, by time line and then by place in the log. A gap ends one span; the next begins with the
    /// next base.
    public static func spans(in contents: ArchiveContents, known: WALProgress? = nil) -> [RestorableSpan] {
        var found: [RestorableSpan] = []
        for timeline in timelines(contents) {
            var earliestByEnd: [WALPosition: RestorableSpan] = [:]
            for (base, reach) in reaches(to: timeline, contents) {
                guard var span = span(of: base, reach, on: timeline, in: contents, known: known) else { continue }
                if let sofar = earliestByEnd[reach.end] {
                    span.earliest = min(span.earliest, sofar.earliest)
                    span.latest = max(span.latest, sofar.latest)
                }
                earliestByEnd[reach.end] = span
            }
            found += earliestByEnd.sorted { $0.key < $1.key }.map(\.value)
        }
        return found
    }

    private static func span(
        of base: BaseBackup, _ reach: WALReach, on timeline: TimelineID, in contents: ArchiveContents,
        known: WALProgress?
    ) -> RestorableSpan? {
        guard reach.arrives, reach.end >= base.end else { return nil }
        let seen = base.timeline == timeline ? nil : branch(timeline, contents)?.seen
        let earliest = max(base.finished, seen ?? base.finished)
        // The end of a base says nothing of what was committed just before it.
        guard let latest = reach.completeUntil(known, on: timeline), latest >= earliest else { return nil }
        return RestorableSpan(timeline: timeline, earliest: earliest, latest: latest)
    }

    /// Stretches of the log that are missing between others of the same time line.
    public static func gaps(in contents: ArchiveContents) -> [WALGap] {
        timelines(contents).flatMap { timeline in
            var gaps: [WALGap] = []
            var end: WALPosition?
            for chunk in contents.chunks.filter({ $0.timeline == timeline }).sorted(by: { $0.from < $1.from }) {
                if let end, end < chunk.from { gaps.append(WALGap(timeline: timeline, from: end, to: chunk.from)) }
                end = max(end ?? chunk.to, chunk.to)
            }
            return gaps
        }
    }

    private static func planLatest(
        _ contents: ArchiveContents, _ known: WALProgress?
    ) throws(BackupError) -> RestorePlan {
        let timeline = known?.timeline ?? liveTimeline(contents)
        guard let (base, reach) = reaches(to: timeline, contents).first else { throw .noBase }
        if let gap = reach.gap { throw .gap(gap) }
        guard reach.end >= base.end else { throw missing(from: reach.end, to: base.end, on: base.timeline) }
        if let known, known.timeline == timeline, known.position > reach.end {
            throw missing(from: reach.end, to: known.position, on: timeline)
        }
        return RestorePlan(
            target: .latest, base: base, timeline: timeline, log: reach.pieces, branches: contents.branches)
    }

    private static func plan(
        at time: Timestamp, _ contents: ArchiveContents, _ known: WALProgress?
    ) throws(BackupError) -> RestorePlan {
        var gap: WALGap?
        for timeline in timelines(contents).reversed() {
            if let seen = branch(timeline, contents)?.seen, seen > time { continue }
            for (base, reach) in reaches(to: timeline, contents) where base.finished <= time {
                gap = gap ?? reach.gap
                guard reach.arrives, reach.end >= base.end, let complete = reach.completeUntil(known, on: timeline),
                    complete >= time
                else { continue }
                return RestorePlan(
                    target: .time(time), base: base, timeline: timeline, log: reach.pieces(upTo: time),
                    branches: contents.branches)
            }
        }
        let spans = spans(in: contents, known: known)
        guard let latest = spans.map(\.latest).max(), let first = spans.map(\.earliest).min() else {
            throw .outside(nil)
        }
        if let gap, time < latest { throw .gap(gap) }
        throw .outside(RestorableSpan(timeline: spans[spans.count - 1].timeline, earliest: first, latest: latest))
    }

    private static func plan(
        to point: RestorePoint, _ contents: ArchiveContents
    ) throws(BackupError) -> RestorePlan {
        let usable = reaches(to: point.timeline, contents).filter { $0.base.end <= point.position }
        guard let nearest = usable.first else { throw .noBase }
        for (base, reach) in usable where reach.arrives && reach.end >= point.position {
            let pieces = reach.pieces(upTo: point.position)
            return RestorePlan(
                target: .restorePoint(point), base: base, timeline: point.timeline, log: pieces,
                branches: contents.branches)
        }
        if let gap = nearest.reach.gap { throw .gap(gap) }
        throw missing(from: nearest.reach.end, to: point.position, on: point.timeline)
    }

    private static func plan(toEndOf id: BackupID, _ contents: ArchiveContents) throws(BackupError) -> RestorePlan {
        guard let base = contents.bases.first(where: { $0.id == id }) else { throw .noBackup(id) }
        var plan = RestorePlan(
            target: .backup(id), base: base, timeline: base.timeline, log: [], branches: contents.branches)
        guard !base.includesWAL else { return plan }
        let reach = WALReach(
            from: base, along: [Lineage.Leg(timeline: base.timeline, leftAt: nil)], in: contents.chunks)
        guard reach.end >= base.end else { throw missing(from: reach.end, to: base.end, on: base.timeline) }
        plan.log = reach.pieces(upTo: base.end)
        return plan
    }

    private static func missing(from: WALPosition, to: WALPosition, on timeline: TimelineID) -> BackupError {
        .gap(WALGap(timeline: timeline, from: from, to: to))
    }
}

extension RestorePlanner {
    /// Whether the last span of a receiver's time line ends where the receiver is, without a gap: then every moment that
    /// it reports lengthens that span. A base of which the receiver has not yet reached the end has none.
    public static func growsLastSpan(_ progress: WALProgress, in contents: ArchiveContents) -> Bool {
        reaches(to: progress.timeline, contents).contains { base, reach in
            // No log lies behind such a reach: the other spans end there, too, or before a gap.
            reach.gap == nil && reach.end >= progress.position
                && span(of: base, reach, on: progress.timeline, in: contents, known: progress) != nil
        }
    }

    /// Whether a base leads to where a receiver is, or will: then no other is needed. A base of which the receiver has
    /// not yet reached the end counts, though no moment after it can be restored yet (``growsLastSpan(_:in:)``).
    public static func isCovered(_ progress: WALProgress, by contents: ArchiveContents) -> Bool {
        reaches(to: progress.timeline, contents).contains { _, reach in
            reach.arrives && reach.gap == nil && reach.end >= progress.position
        }
    }

    /// All that have a base or a part of the log, by number.
    static func timelines(_ contents: ArchiveContents) -> [TimelineID] {
        Set(contents.bases.map(\.timeline) + contents.chunks.map(\.timeline)).sorted()
    }

    private static func branch(_ timeline: TimelineID, _ contents: ArchiveContents) -> TimelineBranch? {
        contents.branches.first { $0.timeline == timeline }
    }

    /// The bases on the way to a time line, youngest first, and how far each leads.
    private static func reaches(
        to timeline: TimelineID, _ contents: ArchiveContents
    ) -> [(base: BaseBackup, reach: WALReach)] {
        let lineage = Lineage(of: timeline, in: contents.branches)
        return contents.bases.sorted { ($1.timeline, $1.end) < ($0.timeline, $0.end) }.compactMap { base in
            lineage.legs(from: base).map { (base, WALReach(from: base, along: $0, in: contents.chunks)) }
        }
    }

    /// The one that was written to last.
    private static func liveTimeline(_ contents: ArchiveContents) -> TimelineID {
        let times =
            contents.chunks.compactMap { chunk in chunk.completeUntil.map { ($0, chunk.timeline) } }
            + contents.bases.map { ($0.finished, $0.timeline) }
        return times.max { $0 < $1 }?.1 ?? TimelineID(1)
    }
}
