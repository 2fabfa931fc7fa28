public import BackupModel
public import ProjectModel

/// The continuous copy of a project's log, as the manager's own database knows it. What it holds is in the archive.
public struct LogCopy: Sendable, Equatable {
    public var ref: ProjectRef
    public var state: LogCopyState
    /// How far the archive is; nil before the first connection.
    public var progress: WALProgress?
    /// Raised by each gap and each new time line: what was found out before says nothing about what comes after.
    public var epoch: Int64
    /// The last stretch of the log that nobody has any more.
    public var gap: WALGap?
    public var gapSeenAt: Timestamp?
    /// Why nothing is received, or stored, at the moment.
    public var failure: String?
    public var updatedAt: Timestamp
    /// What the archive had at the last look, by time line and time.
    public var spans: [RestorableSpan]
    /// Whether the last look found that the last span of the log's time line ends where the log is: then it grows with it.
    public var isCovered: Bool

    public init(
        ref: ProjectRef, state: LogCopyState = .waiting, progress: WALProgress? = nil, epoch: Int64 = 0,
        gap: WALGap? = nil, gapSeenAt: Timestamp? = nil, failure: String? = nil, updatedAt: Timestamp,
        spans: [RestorableSpan] = [], isCovered: Bool = false
    ) {
        self.ref = ref
        self.state = state
        self.progress = progress
        self.epoch = epoch
        self.gap = gap
        self.gapSeenAt = gapSeenAt
        self.failure = failure
        self.updatedAt = updatedAt
        self.spans = spans
        self.isCovered = isCovered
    }

    /// What can be restored to any moment, the latest last: the last look's spans, the live one up to now.
    public var windows: [RestorableSpan] {
        var windows = spans
        if isCovered, let progress, let until = progress.completeUntil,
            let live = windows.lastIndex(where: { $0.timeline == progress.timeline })
        {
            windows[live].latest = max(windows[live].latest, until)
        }
        return windows.sorted { ($0.latest, $0.earliest) < ($1.latest, $1.earliest) }
    }

    /// The newest one: from its beginning to its end there is no gap.
    public var window: RestorableSpan? { windows.last }

    /// Whether every row that was committed by a moment can be had.
    public func canRestore(to time: Timestamp) -> Bool {
        windows.contains { $0.earliest <= time && time <= $0.latest }
    }

    /// The row after a receiver has said something.
    func taking(_ event: WALEvent, at now: Timestamp) -> LogCopy {
        var copy = self
        copy.updatedAt = now
        switch event {
        case .progress(let progress):
            // Another time line that the archive knew already.
            if let before = copy.progress, before.timeline != progress.timeline {
                copy.isCovered = false
                copy.epoch += 1
            }
            (copy.state, copy.progress, copy.failure) = (.receiving, progress, nil)
        case .gap(let gap):
            (copy.gap, copy.gapSeenAt, copy.isCovered) = (gap, now, false)
            copy.epoch += 1
        case .branch:
            copy.isCovered = false
            copy.epoch += 1
        case .delayed(let error): (copy.state, copy.failure) = (.delayed, "\(error)")
        }
        return copy
    }
}

/// How the copy of a log goes. The raw value is stored and shown.
public enum LogCopyState: String, Sendable, CaseIterable {
    /// Nothing was received since it was asked for, or since the project came to a stop.
    case waiting
    case receiving
    /// The store fails, and is tried again. The server keeps its log meanwhile, up to its limit.
    case delayed
    /// The database cannot be read, and is tried again.
    case failing
}

/// What is wanted of the log of a project.
public struct LogWish: Sendable, Equatable {
    /// Whether it is to be copied.
    public var isWanted: Bool
    /// The project's status; nil where the store does not know it.
    public var status: ProjectStatus?

    public init(isWanted: Bool, status: ProjectStatus?) {
        self.isWanted = isWanted
        self.status = status
    }

    /// Whether the database is not to be up.
    var isStanding: Bool { status.map { !$0.hasRunningDatabase } ?? false }
}

extension ProjectStatus {
    /// Whether a project's database is up, as far as the record knows.
    var hasRunningDatabase: Bool { self == .active || self == .degraded }
}

/// When a backup is made for the sake of the log's copy. Pure.
enum LogBaseNeed {
    /// Time between two such backups: what keeps one from being of use may keep the next one, too.
    static let interval: Duration = .seconds(600)

    /// - Parameters:
    ///   - isCovered: Whether a backup leads to where the log is, or will.
    ///   - status: The project's; one that does not run cannot be backed up, and needs it when it runs again.
    ///   - known: The project's latest backups.
    static func isDue(
        _ copy: LogCopy, isCovered: Bool, status: ProjectStatus?, known: [ProjectBackup], at now: Timestamp
    ) -> Bool {
        // Where nothing is received, another backup would lead to nothing either.
        guard !isCovered, copy.state == .receiving, status?.hasRunningDatabase == true,
            !known.contains(where: { $0.state == .pending })
        else { return false }
        let last = known.filter { $0.reason == .pointInTime }.map(\.insertedAt).max()
        return last.map { now.since($0) >= interval || now < $0 } ?? true
    }
}
