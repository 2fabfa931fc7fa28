import BackupModel
import PostgresKit
import ProjectModel

/// What a receiver knows: pure, so that every order of frames can be tried.
struct ReceiverState {
    /// A commit gets its time before it is in the log. What was committed so long before the server's clock is there.
    static let commitMargin = Duration.seconds(1)
    /// Time between two signs of life that show that nothing was left to send at the first one.
    static let quietMin = Duration.milliseconds(100)

    let timeline: TimelineID
    /// Everything before it is in the store.
    private(set) var durable: WALPosition
    private(set) var pending: [UInt8] = []
    private var pendingSince: ContinuousClock.Instant?
    /// Everything that committed by then is before the position.
    private var certified: (until: Timestamp, position: WALPosition)?
    /// The same of what is in the store.
    private var stored: Timestamp?
    /// Whether the server had nothing more when it sent the last bytes.
    private var isCaughtUp = true
    /// The last sign of life, and when it came.
    private var quiet: (position: WALPosition, clock: Timestamp, at: ContinuousClock.Instant)?

    init(timeline: TimelineID, durable: WALPosition, completeUntil: Timestamp? = nil) {
        self.timeline = timeline
        self.durable = durable
        stored = completeUntil
    }

    /// The first byte that was not received.
    var end: WALPosition { WALPosition(durable.value + UInt64(pending.count)) }

    var progress: WALProgress { WALProgress(timeline: timeline, position: durable, completeUntil: stored) }

    /// Takes a frame in. Whether the server wants an answer at once.
    mutating func take(_ frame: PhysicalFrame, at now: ContinuousClock.Instant) throws(BackupError) -> Bool {
        switch frame {
        case .data(let start, let serverEnd, let clock, let bytes):
            guard start.value == end.value else {
                throw .source("the server sent its log from \(start) instead of \(end)")
            }
            pending += bytes
            if pendingSince == nil { pendingSince = now }
            quiet = nil
            isCaughtUp = end.value == serverEnd.value
            if isCaughtUp { certify(Timestamp(clock)) }
            return false
        case .keepalive(let position, let clock, let wantsReply):
            // A server that is behind with sending says the same: only a second one shows that nothing was left.
            if let quiet, quiet.position == end, position.value == end.value {
                guard now - quiet.at >= Self.quietMin else { return wantsReply }
                certify(quiet.clock)
            }
            quiet = (WALPosition(position.value), Timestamp(clock), now)
            return wantsReply
        }
    }

    private mutating func certify(_ clock: Timestamp) {
        let until = clock + (.zero - Self.commitMargin)
        certified = (max(until, certified?.until ?? until), end)
        if pending.isEmpty { stored = max(until, stored ?? until) }
    }

    /// Whether the pending bytes are to be uploaded.
    ///
    /// - Parameter isWanted: whether they are asked for before their time. Not in small pieces: while the server is
    ///   ahead, chunks stay as large as they can be.
    func isDue(
        at now: ContinuousClock.Instant, every: Duration, bytesMax: Int, isWanted: Bool
    ) -> Bool {
        guard let pendingSince, !pending.isEmpty else { return false }
        return isWanted && isCaughtUp || pending.count >= bytesMax || now - pendingSince >= every
    }

    /// The pending bytes as a chunk.
    var chunk: WALChunk {
        WALChunk(
            timeline: timeline, from: durable, to: end,
            completeUntil: [certified?.until, stored].compactMap { $0 }.max(), storedBytes: 0)
    }

    /// The chunk is durable.
    mutating func didStore() {
        stored = chunk.completeUntil
        durable = end
        pending = []
        pendingSince = nil
    }
}

/// Where to begin to receive.
struct ReceiverStart: Equatable {
    var position: WALPosition
    /// What nobody has any more.
    var gap: WALGap?

    /// - Parameters:
    ///   - restart: from where on the server keeps its log.
    ///   - durable: the end of what the store has of this time line; nil when it has nothing.
    ///   - begins: where the time line begins; nil for the first.
    ///   - flushed: the end of the server's log.
    init(
        timeline: TimelineID, restart: WALPosition, durable: WALPosition?, begins: WALPosition?, flushed: WALPosition,
        segmentBytes: UInt64
    ) throws(BackupError) {
        let segment = WALPosition(restart.value - restart.value % max(1, segmentBytes))
        // PostgreSQL checks the first page of each segment, so that the archive begins with one; what is before the
        // beginning of a time line is its parent's.
        let first = max(segment, begins ?? segment)
        guard let durable else {
            position = first
            return
        }
        guard durable <= flushed else {
            throw .invalid(
                "the archive has the log up to \(durable), and the database's ends at \(flushed): the database was put "
                    + "back without its log; begin a new incarnation")
        }
        guard durable >= first else {
            position = first
            gap = WALGap(timeline: timeline, from: durable, to: first)
            return
        }
        position = durable
    }

    /// What the log lacks of a base that was taken before anything was received: the slot was lost meanwhile.
    func gap(before bases: [BaseBackup]) -> WALGap? {
        guard let base = bases.filter({ !$0.includesWAL }).max(by: { $0.end < $1.end }), base.start < position else {
            return nil
        }
        return WALGap(timeline: base.timeline, from: base.start, to: position)
    }
}
