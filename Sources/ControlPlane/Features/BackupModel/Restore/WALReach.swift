import ProjectModel

/// How far the log of the archive leads from a base along a lineage without a gap.
struct WALReach {
    private(set) var pieces: [WALPiece] = []
    private(set) var end: WALPosition
    /// Whether the last time line of the lineage was reached.
    private(set) var arrives = false
    /// What is missing, when there is more of the log behind it.
    private(set) var gap: WALGap?

    init(from base: BaseBackup, along legs: ArraySlice<Lineage.Leg>, in chunks: [WALChunk]) {
        end = WALPosition(base.start.value - base.start.value % max(1, base.segmentBytes))
        for leg in legs {
            arrives = leg.leftAt == nil
            walk(leg, chunks.filter { $0.timeline == leg.timeline })
            guard gap == nil, leg.leftAt.map({ end >= $0 }) ?? true else { return }
        }
    }

    private mutating func walk(_ leg: Lineage.Leg, _ chunks: [WALChunk]) {
        let limit = leg.leftAt ?? WALPosition(.max)
        while end < limit {
            let here = end
            let next = chunks.filter { $0.from <= here && $0.to > here }.max { $0.to < $1.to }
            guard let next else {
                let later = chunks.map(\.from).filter { $0 > here && $0 < limit }.min()
                gap = later.map { WALGap(timeline: leg.timeline, from: here, to: $0) }
                if leg.leftAt != nil, gap == nil { gap = WALGap(timeline: leg.timeline, from: here, to: limit) }
                return
            }
            let to = min(next.to, limit)
            pieces.append(WALPiece(chunk: next, from: here, to: to))
            end = to
        }
    }

    /// Everything that committed by then is before ``end``.
    func completeUntil(_ known: WALProgress?, on timeline: TimelineID) -> Timestamp? {
        let own = pieces.filter { $0.to == $0.chunk.to }.compactMap(\.chunk.completeUntil)
        let reported = known.flatMap { known in
            known.timeline == timeline && known.position <= end ? known.completeUntil : nil
        }
        return (own + [reported].compactMap { $0 }).max()
    }

    /// The pieces up to a position.
    func pieces(upTo position: WALPosition) -> [WALPiece] { pieces.filter { $0.from < position } }

    /// The pieces that are needed to find the first commit after a time.
    func pieces(upTo time: Timestamp) -> [WALPiece] {
        guard let last = pieces.firstIndex(where: { ($0.chunk.completeUntil ?? time) > time }) else { return pieces }
        return Array(pieces[...last])
    }
}
