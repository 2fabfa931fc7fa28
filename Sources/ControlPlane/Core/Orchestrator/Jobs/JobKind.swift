public import ProjectModel

/// Names the handler of a job.
public struct JobKind: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Letters of a name at most.
    public static let lengthMax = 60

    /// The name.
    public let text: String

    /// A kind by its name: small letters, digits, dots and hyphens, a letter first; nil for anything else.
    public init?(_ text: String) {
        guard (1...Self.lengthMax).contains(text.utf8.count), let first = text.utf8.first, Self.isLetter(first),
            text.utf8.allSatisfy({ Self.isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D })
        else { return nil }
        self.text = text
    }

    /// A kind of the program itself, whose name is right.
    package init(known text: String) { self.text = text }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }

    /// Orders by name.
    public static func < (left: JobKind, right: JobKind) -> Bool { left.text < right.text }

    /// The name.
    public var description: String { text }
}

/// The kinds of the program itself.
extension JobKind {
    /// A pass over the orphans.
    public static let orphans = JobKind(known: "orphans")
    /// Removes stored answers whose time for repetition has passed.
    public static let expiredAnswers = JobKind(known: "expired-answers")
    /// Removes expired sessions and invitations.
    public static let expiredSessions = JobKind(known: "expired-sessions")
    /// Writes the ends of the audit trails to the log.
    public static let auditHeads = JobKind(known: "audit-heads")
    /// Removes old receipts of deletions.
    public static let oldReceipts = JobKind(known: "old-receipts")
    /// Removes jobs that have been over for long enough.
    public static let finishedJobs = JobKind(known: "finished-jobs")
    /// Makes one backup of a project's database.
    public static let backup = JobKind(known: "backup")
    /// Makes a project's database what a backup holds.
    public static let restore = JobKind(known: "restore")
    /// Restores a backup where nobody uses it, to see that it can be.
    public static let backupVerification = JobKind(known: "backup-verification")
    /// Enqueues the backups and verifications that are due, and removes what is kept no longer.
    public static let backupUpkeep = JobKind(known: "backup-upkeep")
}

/// Something that one running job has for itself. Two jobs with the same lock never run at once, whatever their kinds.
public struct JobLock: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Bytes of a lock at most.
    public static let lengthMax = 120

    /// The lock as it is stored.
    public let text: String

    /// A lock as it is stored; nil when it is empty or too long.
    public init?(_ text: String) {
        guard (1...Self.lengthMax).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    /// One of the classes of work of a project: its jobs of that class run one after the other.
    public init?(_ ref: ProjectRef, class name: String) { self.init("\(ref)/\(name)") }

    /// Orders by text.
    public static func < (left: JobLock, right: JobLock) -> Bool { left.text < right.text }

    /// The text.
    public var description: String { text }
}

/// What is started first when not everything that is due can be.
public enum JobPriority: Int, Sendable, CaseIterable, Comparable {
    /// After all else.
    case low = -1
    /// The usual one.
    case normal = 0
    /// First: a user waits for it.
    case high = 1

    /// Orders by urgency.
    public static func < (left: JobPriority, right: JobPriority) -> Bool { left.rawValue < right.rawValue }
}

/// What is promised about a job whose manager dies at any moment.
public enum JobContract: String, Sendable, CaseIterable {
    /// It runs until a run has succeeded, so its effect may happen more than once: the handler sees to it that this is
    /// the same as once.
    case atLeastOnce
    /// It runs at most once. If its manager dies, it counts as failed, and its effect is unknown.
    case atMostOnce
}
