public import ProjectModel

/// Where a rule stands for one subject. Told once when it fires and once when it is over, however often the condition
/// comes and goes in between.
public struct AlertState: Sendable, Equatable {
    public enum Stage: String, Sendable, CaseIterable {
        /// The condition holds, and not for long enough yet.
        case pending
        /// It was reported.
        case firing
    }

    public var rule: AlertRule
    public var subject: AlertSubject
    public var stage: Stage
    /// Since when the condition holds; of a firing one, when it fired.
    public var since: Timestamp
    /// Since when it does not hold any more; nil while it does.
    public var clearSince: Timestamp?

    public init(
        rule: AlertRule, subject: AlertSubject, stage: Stage, since: Timestamp, clearSince: Timestamp? = nil
    ) {
        self.rule = rule
        self.subject = subject
        self.stage = stage
        self.since = since
        self.clearSince = clearSince
    }
}

/// What was observed of one subject.
public enum AlertReading: Sendable, Equatable {
    /// The condition holds, in words.
    case bad(String)
    /// It does not.
    case good(String)
    /// It cannot any more: the project was paused, or deleted.
    case gone(String)
    /// Between the bounds at which it begins and ends: what was, stays.
    case between
}

/// The next state of a rule for a subject, and what is reported.
public struct AlertStep: Sendable, Equatable {
    /// Nil: nothing is left to remember.
    public var state: AlertState?
    public var alert: Alert?

    /// - Parameters:
    ///   - watchedFrom: When this manager began to watch: time before that counts for nothing, as nobody saw it.
    public init(
        _ rule: AlertRule, of subject: AlertSubject, from state: AlertState?, reading: AlertReading, now: Timestamp,
        watchedFrom: Timestamp
    ) {
        self.state = state
        let scene = Scene(rule: rule, subject: subject, now: now, watchedFrom: watchedFrom)
        switch reading {
        case .between: break
        case .bad(let words):
            guard var next = state, next.stage == .firing else {
                begin(scene, from: state, words: words)
                return
            }
            next.clearSince = nil
            self.state = next
        case .good(let words):
            guard var next = state, next.stage == .firing else {
                self.state = nil
                return
            }
            // A clock that was set back must not make the time that is left grow.
            let since = min(max(next.clearSince ?? now, watchedFrom), now)
            next.clearSince = since
            self.state = next
            if now.since(since) >= rule.timing.clearAfter { end(next, in: scene, words: words) }
        case .gone(let words):
            self.state = nil
            if let state, state.stage == .firing { end(state, in: scene, words: words) }
        }
    }

    /// What a step is about.
    private struct Scene {
        let rule: AlertRule
        let subject: AlertSubject
        let now: Timestamp
        let watchedFrom: Timestamp
    }

    private mutating func begin(_ scene: Scene, from state: AlertState?, words: String) {
        let since = min(max(state?.since ?? scene.now, scene.watchedFrom), scene.now)
        var next = AlertState(rule: scene.rule, subject: scene.subject, stage: .pending, since: since)
        if scene.now.since(since) >= scene.rule.timing.after {
            (next.stage, next.since) = (.firing, scene.now)
            alert = Alert(
                key: Self.key(next, .problem), rule: scene.rule, phase: .problem, subject: scene.subject,
                title: scene.rule.title(of: scene.subject), text: words, at: scene.now)
        }
        self.state = next
    }

    private mutating func end(_ last: AlertState, in scene: Scene, words: String) {
        state = nil
        alert = Alert(
            key: Self.key(last, .resolved), rule: last.rule, phase: .resolved, subject: scene.subject,
            title: "Over: " + last.rule.title(of: scene.subject), text: words, at: scene.now)
    }

    private static func key(_ state: AlertState, _ phase: AlertPhase) -> String {
        let subject = state.subject.ref?.text ?? state.subject.organizationSlug
        return "\(state.rule.rawValue)/\(subject)/\(state.since.milliseconds)/\(phase.rawValue)"
    }
}

extension AlertRule {
    /// One line about a subject.
    func title(of subject: AlertSubject) -> String {
        switch self {
        case .unhealthy: "Project \(subject.name) is unhealthy"
        case .startFailed: "Project \(subject.name) could not be started"
        case .backupFailed: "A backup of project \(subject.name) failed"
        case .backupLate: "Project \(subject.name) has no recent backup"
        case .backupUnverified: "A backup of project \(subject.name) was not restored for a trial"
        case .diskLow: "The disk of \(subject.name) is nearly full"
        case .memoryLow: "The memory of \(subject.name) is nearly used up"
        case .leaseTaken: "Another manager took over"
        case .newSignIn: "\(subject.name) signed in from a new address"
        case .test: "A trial of the channel \(subject.name)"
        }
    }
}
