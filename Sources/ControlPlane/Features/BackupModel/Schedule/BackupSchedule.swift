public import ProjectModel

/// When base backups of a project are due: once a day in UTC, spread so that not all projects begin at once.
public struct BackupSchedule: Sendable, Hashable {
    /// Seconds after midnight, from 0 to 86,399.
    public let secondOfDay: Int
    /// Seconds after it within which the projects are spread, from 0 to 43,200.
    public let spreadSeconds: Int

    public static let spreadSecondsMax = 43_200

    /// Nil when a number is out of range.
    public init?(secondOfDay: Int, spreadSeconds: Int = 0) {
        guard (0..<86_400).contains(secondOfDay), (0...Self.spreadSecondsMax).contains(spreadSeconds) else {
            return nil
        }
        self.secondOfDay = secondOfDay
        self.spreadSeconds = spreadSeconds
    }

    /// Reads `HH:MM:SS`; nil for any other text.
    public init?(text: String, spreadSeconds: Int = 0) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), let second = Int(parts[2]), hour < 24, minute < 60,
            second < 60
        else { return nil }
        self.init(secondOfDay: hour * 3_600 + minute * 60 + second, spreadSeconds: spreadSeconds)
    }

    /// As `HH:MM:SS`.
    public var text: String {
        [secondOfDay / 3_600, secondOfDay / 60 % 60, secondOfDay % 60]
            .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }

    /// The next run after a time: today's when it is still to come, else tomorrow's.
    ///
    /// - Parameter name: what the project's place in the spread depends on, such as its ref; always the same.
    public func nextRun(after time: Timestamp, name: String) -> Timestamp {
        lastRun(atOrBefore: time, name: name) + .seconds(86_400)
    }

    /// The run that was due last.
    public func lastRun(atOrBefore time: Timestamp, name: String) -> Timestamp {
        let day = CivilDay(time)
        let offset = (Int64(secondOfDay) + spread(name)) * 1_000
        let today = day.number * CivilDay.milliseconds + offset
        let behind = today - time.milliseconds
        // With its place in the spread a run can lie in the day after.
        let days = behind <= 0 ? 0 : (behind + CivilDay.milliseconds - 1) / CivilDay.milliseconds
        return Timestamp(milliseconds: today - days * CivilDay.milliseconds)
    }

    /// Whether a run was missed or is due now.
    ///
    /// - Parameters:
    ///   - last: when the last backup was begun; nil when there is none, and then one is due.
    ///   - since: since when the schedule is as it is: a time that was past already then begins the next day.
    public func isDue(
        at now: Timestamp, last: Timestamp?, since: Timestamp, name: String
    ) -> Bool {
        guard let last else { return true }
        let run = lastRun(atOrBefore: now, name: name)
        return run > since && last < run
    }

    /// FNV-1a: the same in every run of every build.
    private func spread(_ name: String) -> Int64 {
        let hash = name.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return Int64(hash % UInt64(spreadSeconds + 1))
    }
}

/// Whether a base backup is worth its bytes.
public enum BaseBackupNeed {
    /// Bytes of log that an idle database may write: a checkpoint and its like.
    public static let idleBytesMax: UInt64 = 64 << 10

    /// False when the database has written nothing since the last base but what a server writes alone: then that base
    /// and the log stay what a restore needs.
    ///
    /// - Parameter position: how far the log is now.
    public static func isNeeded(
        after last: BaseBackup?, timeline: TimelineID, position: WALPosition
    ) -> Bool {
        guard let last, last.timeline == timeline, position >= last.end else { return true }
        // The end of a base backup switches the segment.
        let segment = max(1, last.segmentBytes)
        let idle = (last.end.value + segment - 1) / segment * segment
        return position.value > max(idle, last.end.value) + idleBytesMax
    }
}
