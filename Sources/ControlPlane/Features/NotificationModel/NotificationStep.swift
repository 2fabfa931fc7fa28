public import Orchestrator
public import ProjectModel

/// What an event means for the notifications about a project. Decided here, done by the stores in the transaction of the
/// event.
public enum NotificationStep: Sendable, Equatable {
    /// Nothing to report.
    case nothing
    /// Something new.
    case add(NotificationDraft)
    /// The problem is back before its end could be relied on: the report of its end is withdrawn, the problem's own
    /// stays.
    case withdrawLatest
    /// The project is gone, and with it what was said about it.
    case forgetAll

    /// How long a recovery must have lasted for the next failure to be news. A service that comes and goes makes two
    /// notifications and not thousands.
    public static let quietPeriod: Duration = .seconds(15 * 60)
    /// Notifications that are kept of each organization; the oldest go.
    public static let keptMax = 1_000
    /// Most earlier notifications of a project that the decision reads.
    public static let marksNeeded = 2

    /// Longest part of a failure's text that a notification repeats, in characters.
    static let failureLengthMax = 500

    /// Decides about an event of the project called `name`.
    ///
    /// - Parameter history: the latest notifications about the project, newest first; ``marksNeeded`` are enough.
    public init(for event: ProjectEvent, of name: String, after history: [NotificationMark]) {
        guard event.kind.isOfTransition, let status = event.facts.statusAfter else {
            self = .nothing
            return
        }
        let latest = history.first
        switch status {
        case .deleted: self = .forgetAll
        case .failed: self = .add(.startFailed(name, event.facts.failure))
        case .degraded: self = Self.degraded(event, name: name, history: history)
        case .active, .paused:
            self = latest?.kind.isProblem == true ? .add(.recovered(name, status)) : .nothing
        case .pausing, .deleting:
            let isStuck = event.kind == .stateNoted && event.facts.failure != nil && latest?.kind != .stuck
            self = isStuck ? .add(.stuck(name, in: status, because: event.facts.failure)) : .nothing
        case .provisioning, .starting, .resuming, .restarting, .upgrading, .reverting, .restoring, .rollingBack:
            self = .nothing
        }
    }

    private static func degraded(
        _ event: ProjectEvent, name: String, history: [NotificationMark]
    ) -> NotificationStep {
        guard let latest = history.first else { return .add(.unhealthy(name, event.cause)) }
        if latest.kind == .unhealthy { return .nothing }
        let isBack =
            latest.kind == .recovered && event.at.since(latest.at) < quietPeriod
            && history.dropFirst().first?.kind == .unhealthy
        return isBack ? .withdrawLatest : .add(.unhealthy(name, event.cause))
    }
}

/// What was said about a project last, and when.
public struct NotificationMark: Sendable, Equatable {
    /// What kind of thing.
    public var kind: NotificationKind
    /// When.
    public var at: Timestamp

    public init(kind: NotificationKind, at: Timestamp) {
        self.kind = kind
        self.at = at
    }
}

// MARK: - Words

extension NotificationDraft {
    fileprivate static func startFailed(_ name: String, _ failure: ProjectFailure?) -> NotificationDraft {
        NotificationDraft(
            kind: .startFailed, title: "Project \(name) could not be started",
            message: reason(failure, otherwise: "The start failed.")
                + " Nothing of it is left running. Its page has details; Restore tries again.")
    }

    fileprivate static func unhealthy(_ name: String, _ cause: String) -> NotificationDraft {
        NotificationDraft(
            kind: .unhealthy, title: "Project \(name) is unhealthy",
            message: reason(ProjectFailure(message: cause), otherwise: "A service does not run.")
                + " SupaManager keeps trying to bring it back.")
    }

    fileprivate static func stuck(
        _ name: String, in status: ProjectStatus, because failure: ProjectFailure?
    ) -> NotificationDraft {
        let doing = status == .pausing ? "paused" : "deleted"
        return NotificationDraft(
            kind: .stuck, title: "Project \(name) cannot be \(doing) at present",
            message: reason(failure, otherwise: "The container engine refuses.")
                + " SupaManager keeps trying.")
    }

    fileprivate static func recovered(_ name: String, _ status: ProjectStatus) -> NotificationDraft {
        NotificationDraft(
            kind: .recovered, title: "Project \(name) is \(status == .active ? "running again" : "paused")",
            message: "The problem is over: every service is ready.")
    }

    /// The reason as a code span: what containers and engines say is text, and must not become links or pictures.
    private static func reason(_ failure: ProjectFailure?, otherwise standard: String) -> String {
        guard let failure, !failure.message.isEmpty else { return standard }
        let plain = failure.message.prefix(NotificationStep.failureLengthMax).map { character -> Character in
            character == "`" ? "'" : character.isNewline ? " " : character
        }
        let service = failure.service.map { "Service \($0): " } ?? ""
        return "\(service)`\(String(plain))`."
    }
}
