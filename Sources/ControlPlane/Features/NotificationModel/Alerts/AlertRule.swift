public import ProjectModel

/// What alerts are about. The raw value is stored, and the word on the wire.
public enum AlertRule: String, Sendable, CaseIterable {
    /// A required service of a project does not run, for longer than ``AlertTiming/after``.
    case unhealthy = "project.unhealthy"
    /// The first start of a project failed for good.
    case startFailed = "project.start_failed"
    /// The latest backup was not made, or its trial failed.
    case backupFailed = "backup.failed"
    /// A project with a schedule has no backup of the last day and a half.
    case backupLate = "backup.late"
    /// A backup is in the store and was not restored for a trial.
    case backupUnverified = "backup.unverified"
    /// The disk under the data folder is nearly full.
    case diskLow = "host.disk_low"
    /// The host's memory is nearly used up.
    case memoryLow = "host.memory_low"
    /// A manager took the lease from another one that had not given it back.
    case leaseTaken = "manager.lease_taken"
    /// An account signed in from an address from which it never had.
    case newSignIn = "account.new_sign_in"
    /// A trial of a channel.
    case test = "channel.test"

    public var priority: NotificationPriority {
        switch self {
        case .startFailed, .unhealthy, .backupFailed, .diskLow: .critical
        case .backupLate, .backupUnverified, .memoryLow, .leaseTaken: .warning
        case .newSignIn, .test: .info
        }
    }

    /// When it fires, and when it is over.
    public var timing: AlertTiming {
        switch self {
        case .unhealthy: AlertTiming(after: .seconds(120), clearAfter: .seconds(300))
        case .backupLate, .backupUnverified: AlertTiming(after: .seconds(1_800), clearAfter: .zero)
        case .diskLow: AlertTiming(after: .seconds(60), clearAfter: .seconds(300))
        case .memoryLow: AlertTiming(after: .seconds(600), clearAfter: .seconds(300))
        case .startFailed, .backupFailed, .leaseTaken, .newSignIn, .test: AlertTiming(after: .zero, clearAfter: .zero)
        }
    }

    /// The rules that a channel can be narrowed to.
    public static let choosable = allCases.filter { $0 != .test }
}

/// How long a condition must last before it is reported, and its absence before it counts as over.
public struct AlertTiming: Sendable, Equatable {
    public var after: Duration
    public var clearAfter: Duration

    public init(after: Duration, clearAfter: Duration) {
        self.after = after
        self.clearAfter = clearAfter
    }
}

/// Bounds of figures at which alerts fire.
public enum AlertBounds {
    /// Age of the newest backup of a project with a daily schedule.
    public static let backupAgeMax: Duration = .seconds(36 * 3_600)
    /// Time for the trial of a backup.
    public static let trialTimeMax: Duration = .seconds(24 * 3_600)
    /// Free hundredths of the disk at which it is reported, and at which it is over.
    public static let diskFree = (low: 10, enough: 15)
    /// The same of memory that is available.
    public static let memoryFree = (low: 5, enough: 10)
    /// Addresses of earlier sign-ins that are compared.
    public static let addressesMax = 1_000
}

/// What an alert is about.
public struct AlertSubject: Sendable, Hashable {
    /// The organization that hears of it, by slug.
    public var organizationSlug: String
    /// The project, where it is about one.
    public var ref: ProjectRef?
    /// Its name; that of the host or the account otherwise.
    public var name: String

    public init(organizationSlug: String, ref: ProjectRef? = nil, name: String) {
        self.organizationSlug = organizationSlug
        self.ref = ref
        self.name = name
    }
}

/// Whether an alert says that a problem is there, or over.
public enum AlertPhase: String, Sendable, CaseIterable {
    case problem, resolved
    /// It happened: there is no end to wait for.
    case notice
}

/// Something to be told, once to every channel that takes it.
public struct Alert: Sendable, Equatable {
    /// Unicode scalars of a title and of a text at most.
    public static let titleLengthMax = 200
    public static let textLengthMax = 1_000

    /// The same for the same thing: stored twice it is one alert.
    public var key: String
    public var rule: AlertRule
    public var phase: AlertPhase
    public var subject: AlertSubject
    /// One line.
    public var title: String
    /// What was seen and what to do; never a secret.
    public var text: String
    public var at: Timestamp

    /// Title and text are brought to their bounds, and lose control characters.
    public init(
        key: String, rule: AlertRule, phase: AlertPhase, subject: AlertSubject, title: String, text: String,
        at: Timestamp
    ) {
        self.key = key
        self.rule = rule
        self.phase = phase
        self.subject = subject
        self.title = Self.plain(title, Self.titleLengthMax)
        self.text = Self.plain(text, Self.textLengthMax)
        self.at = at
    }

    private static func plain(_ text: String, _ length: Int) -> String {
        let scalars = text.unicodeScalars.lazy.map { scalar -> Unicode.Scalar in
            scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x202E).contains(scalar.value)
                || (0x2066...0x2069).contains(scalar.value) ? " " : scalar
        }
        return String(String.UnicodeScalarView(scalars.prefix(length)))
    }
}
