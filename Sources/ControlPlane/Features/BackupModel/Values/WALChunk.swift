public import ProjectModel

/// A stretch of the log in the archive: `[from, to)` of one time line.
public struct WALChunk: Sendable, Hashable {
    public var timeline: TimelineID
    public var from: WALPosition
    /// The first byte that is not in it.
    public var to: WALPosition
    /// Every transaction that committed by then is in this chunk or before it. By the clock of the server; nil when it
    /// is not known.
    public var completeUntil: Timestamp?
    /// Bytes of its object in the store.
    public var storedBytes: Int64

    public init(
        timeline: TimelineID, from: WALPosition, to: WALPosition, completeUntil: Timestamp?, storedBytes: Int64
    ) {
        self.timeline = timeline
        self.from = from
        self.to = to
        self.completeUntil = completeUntil
        self.storedBytes = storedBytes
    }
}

/// A time line that began where another was left.
public struct TimelineBranch: Sendable, Hashable {
    public var timeline: TimelineID
    public var parent: TimelineID
    /// Where it left its parent.
    public var from: WALPosition
    /// When it was first seen, by the clock of the server.
    public var seen: Timestamp

    public init(timeline: TimelineID, parent: TimelineID, from: WALPosition, seen: Timestamp) {
        self.timeline = timeline
        self.parent = parent
        self.from = from
        self.seen = seen
    }
}

/// A stretch of the log that the archive does not have: no restore crosses it.
public struct WALGap: Sendable, Hashable, CustomStringConvertible {
    public var timeline: TimelineID
    public var from: WALPosition
    public var to: WALPosition

    public init(timeline: TimelineID, from: WALPosition, to: WALPosition) {
        self.timeline = timeline
        self.from = from
        self.to = to
    }

    /// Both ends.
    public var description: String { "\(from) to \(to) of time line \(timeline)" }
}

/// How far the archive is: what a receiver reports, and what is worth keeping in a row, because an idle database writes
/// no objects while its latest restorable time moves on.
public struct WALProgress: Sendable, Hashable {
    public var timeline: TimelineID
    /// Everything before it is durable in the store.
    public var position: WALPosition
    /// Every transaction that committed by then is before ``position``. By the clock of the server.
    public var completeUntil: Timestamp?

    public init(timeline: TimelineID, position: WALPosition, completeUntil: Timestamp?) {
        self.timeline = timeline
        self.position = position
        self.completeUntil = completeUntil
    }
}

/// All that the archive holds of one cluster.
public struct ArchiveContents: Sendable, Equatable {
    /// Complete ones, oldest first.
    public var bases: [BaseBackup]
    /// By time line and place.
    public var chunks: [WALChunk]
    public var branches: [TimelineBranch]
    /// Names of records that were changed or written with another key: their backups are not among ``bases``.
    public var damaged: [String] = []

    public init(bases: [BaseBackup], chunks: [WALChunk], branches: [TimelineBranch]) {
        self.bases = bases
        self.chunks = chunks
        self.branches = branches
    }

    /// Bytes of all objects that were listed.
    public var storedBytes: Int64 {
        bases.reduce(0) { $0 + $1.storedBytes } + chunks.reduce(0) { $0 + $1.storedBytes }
    }
}
