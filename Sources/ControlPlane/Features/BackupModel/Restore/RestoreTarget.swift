public import ProjectModel

/// The moment to restore.
public enum RestoreTarget: Sendable, Hashable {
    /// All that the archive has.
    case latest
    /// Everything that was committed by then, by the clock of the server.
    case time(Timestamp)
    case restorePoint(RestorePoint)
    /// The end of a base backup.
    case backup(BackupID)
}

/// What `pg_create_restore_point` made.
public struct RestorePoint: Sendable, Hashable {
    /// At most 63 bytes.
    public var name: String
    /// The time line at that moment.
    public var timeline: TimelineID
    /// What the function returned.
    public var position: WALPosition

    public init(name: String, timeline: TimelineID, position: WALPosition) {
        self.name = name
        self.timeline = timeline
        self.position = position
    }
}

/// What can be restored of one time line without a gap: every moment from the earliest to the latest.
public struct RestorableSpan: Sendable, Hashable {
    public var timeline: TimelineID
    public var earliest: Timestamp
    public var latest: Timestamp

    public init(timeline: TimelineID, earliest: Timestamp, latest: Timestamp) {
        self.timeline = timeline
        self.earliest = earliest
        self.latest = latest
    }
}

/// The part of a chunk that a restore replays.
public struct WALPiece: Sendable, Hashable {
    public var chunk: WALChunk
    /// At or after the chunk's beginning.
    public var from: WALPosition
    /// At or before the chunk's end.
    public var to: WALPosition

    public init(chunk: WALChunk, from: WALPosition, to: WALPosition) {
        self.chunk = chunk
        self.from = from
        self.to = to
    }
}

/// How to reach a target: a base backup, the log after it, and PostgreSQL's settings for the recovery.
public struct RestorePlan: Sendable, Hashable {
    public var target: RestoreTarget
    public var base: BaseBackup
    /// The time line on which recovery ends.
    public var timeline: TimelineID
    /// The log to replay, in the order of replay and without overlaps, from the beginning of the segment in which the
    /// base starts.
    public var log: [WALPiece]
    /// Every known branch: a new time line must not take the number of any of them.
    public var branches: [TimelineBranch]

    public init(
        target: RestoreTarget, base: BaseBackup, timeline: TimelineID, log: [WALPiece], branches: [TimelineBranch]
    ) {
        self.target = target
        self.base = base
        self.timeline = timeline
        self.log = log
        self.branches = branches
    }

    /// The first place of the log that the archive does not supply.
    public var walEnd: WALPosition { log.last?.to ?? base.end }

    /// PostgreSQL's settings (name and value) for the first start, to be passed as `-c name=value`. Nothing else may
    /// set a recovery target.
    public var recoverySettings: [(name: String, value: String)] { recoverySettings(withTarget: true) }

    /// The settings for a second attempt, after the first ended with PostgreSQL's message "recovery ended before
    /// configured recovery target was reached": nothing was committed after the target, so that all of the log is
    /// before it. Nil for targets that must be found in the log.
    public var settingsWithoutTarget: [(name: String, value: String)]? {
        guard case .time = target else { return nil }
        return recoverySettings(withTarget: false)
    }

    private func recoverySettings(withTarget: Bool) -> [(name: String, value: String)] {
        var settings = [
            (name: "restore_command", value: "false"), (name: "recovery_target_timeline", value: "\(timeline)"),
            (name: "recovery_target_action", value: "promote"), (name: "hot_standby", value: "off"),
            (name: "archive_mode", value: "off"),
        ]
        guard withTarget else { return settings }
        switch target {
        case .latest: break
        case .time(let time): settings.append((name: "recovery_target_time", value: MomentText.postgres(time)))
        case .restorePoint(let point): settings.append((name: "recovery_target_name", value: point.name))
        case .backup: settings.append((name: "recovery_target", value: "immediate"))
        }
        return settings
    }
}

/// Times in UTC, with milliseconds.
public enum MomentText {
    /// As PostgreSQL reads them, such as `2026-11-30 10:00:00.123+00`.
    static func postgres(_ time: Timestamp) -> String { "\(date(time)) \(clock(time))+00" }

    /// As RFC 3339, such as `2026-11-30T10:00:00.123Z`.
    public static func utc(_ time: Timestamp) -> String { "\(date(time))T\(clock(time))Z" }

    private static func date(_ time: Timestamp) -> String {
        let day = CivilDay(time)
        return "\(digits(day.year, 4))-\(digits(day.month, 2))-\(digits(day.day, 2))"
    }

    private static func clock(_ time: Timestamp) -> String {
        let day = CivilDay(time)
        let (clock, milliseconds) = (day.millisecondsIntoDay / 1_000, day.millisecondsIntoDay % 1_000)
        let hours = "\(digits(clock / 3_600, 2)):\(digits(clock / 60 % 60, 2)):\(digits(clock % 60, 2))"
        return "\(hours).\(digits(milliseconds, 3))"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}
