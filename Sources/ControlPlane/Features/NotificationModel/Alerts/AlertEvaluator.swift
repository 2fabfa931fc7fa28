import Clients
import Orchestrator
public import ProjectModel

/// Applies every rule to an observation. Pure.
public struct AlertEvaluator: Sendable, Equatable {
    /// The organization that hears about the installation.
    public var installationSlug: String
    /// When this manager began to watch.
    public var watchedFrom: Timestamp

    public init(installationSlug: String, watchedFrom: Timestamp) {
        self.installationSlug = installationSlug
        self.watchedFrom = watchedFrom
    }

    private struct Place: Hashable {
        let rule: AlertRule
        let subject: String
    }

    /// What changes: states to write and to forget, and alerts to tell.
    public func change(
        on observation: AlertObservation, host: ObservedHost?, now: Timestamp
    ) -> AlertChange {
        var readings: [(rule: AlertRule, subject: AlertSubject, reading: AlertReading)] = []
        for project in observation.projects { readings += self.readings(of: project) }
        let known = Set(observation.projects.map(\.subject.ref))
        for state in observation.states where state.subject.ref != nil && !known.contains(state.subject.ref) {
            readings.append((state.rule, state.subject, .gone("The project was deleted.")))
        }
        for backups in observation.backups ?? [] { readings += self.readings(of: backups, now: now) }
        if let host { readings += self.readings(of: host) }

        let states = Dictionary(observation.states.map { (place($0.rule, $0.subject), $0) }) { first, _ in first }
        var change = AlertChange()
        var seen: Set<Place> = []
        for (rule, subject, reading) in readings where seen.insert(place(rule, subject)).inserted {
            let before = states[place(rule, subject)]
            let step = AlertStep(
                rule, of: subject, from: before, reading: reading, now: now, watchedFrom: watchedFrom)
            if let next = step.state, next != before { change.states.append(next) }
            if step.state == nil, let before { change.forgotten.append(before) }
            if let alert = step.alert { change.alerts.append(alert) }
        }
        for signIn in observation.signIns {
            change.alerts += notices(of: signIn)
            change.judgedSignIns[signIn.scope] = max(change.judgedSignIns[signIn.scope] ?? 0, signIn.number)
        }
        if let takeover = observation.takeover { change.alerts.append(notice(of: takeover, now: now)) }
        return change
    }

    private func place(_ rule: AlertRule, _ subject: AlertSubject) -> Place {
        Place(rule: rule, subject: subject.ref?.text ?? "/\(subject.organizationSlug)")
    }

    // MARK: - Rules

    private typealias Reading = (rule: AlertRule, subject: AlertSubject, reading: AlertReading)

    private func readings(of project: WatchedProject) -> [Reading] {
        let failure = Self.words(project.failure)
        let unhealthy: AlertReading
        let failed: AlertReading
        switch project.status {
        case .degraded:
            unhealthy = .bad("\(failure) SupaManager keeps trying to bring it back.")
            failed = .good("It runs, though not every service does.")
        case .failed:
            unhealthy = .gone("It is not started.")
            failed = .bad("\(failure) Nothing of it is left running: correct the cause, then restore it.")
        case .active:
            unhealthy = .good("Every service is ready.")
            failed = .good("Every service is ready.")
        case .paused, .pausing:
            unhealthy = .gone("The project was paused.")
            failed = .gone("The project was paused.")
        case .deleting, .deleted:
            unhealthy = .gone("The project is being deleted.")
            failed = .gone("The project is being deleted.")
        case .provisioning, .starting, .resuming, .restarting, .upgrading, .reverting, .restoring, .rollingBack:
            // An operation is under way: its end decides.
            (unhealthy, failed) = (.between, .between)
        }
        return [(.unhealthy, project.subject, unhealthy), (.startFailed, project.subject, failed)]
            + backupsGone(project)
    }

    /// A paused project has no backups made; alerts about them end with its pause.
    private func backupsGone(_ project: WatchedProject) -> [Reading] {
        switch project.status {
        case .paused, .deleting, .deleted:
            [AlertRule.backupFailed, .backupLate, .backupUnverified].map {
                (
                    $0, project.subject,
                    .gone("The project is \(project.status == .paused ? "paused" : "being deleted").")
                )
            }
        default: []
        }
    }

    private static func words(_ failure: ProjectFailure?) -> String {
        guard let failure, !failure.message.isEmpty else { return "A service does not run." }
        return (failure.service.map { "Service \($0): " } ?? "") + failure.message
    }

    private func readings(of backups: ObservedBackups, now: Timestamp) -> [Reading] {
        let failed: AlertReading =
            backups.latestFailure.map { .bad("\($0) The next one is made by the schedule, or on request.") }
            ?? .good("A backup was made.")
        let isLate =
            backups.scheduledSince.map {
                now.since(max($0, backups.newestTakenAt ?? $0)) > AlertBounds.backupAgeMax
            } ?? false
        let late: AlertReading =
            isLate
            ? .bad(
                "Its schedule is daily, and the newest backup in the store is older than "
                    + "\(AlertBounds.backupAgeMax.components.seconds / 3_600) hours. See the job list for the reason.")
            : .good("There is a recent backup.")
        let waits = backups.unverifiedSince.map { now.since($0) > AlertBounds.trialTimeMax } ?? false
        let unverified: AlertReading =
            waits
            ? .bad(
                "It was made more than \(AlertBounds.trialTimeMax.components.seconds / 3_600) hours ago. Whether it can "
                    + "be restored is not known.")
            : .good("No backup waits for its trial for long.")
        return [
            (.backupFailed, backups.subject, failed), (.backupLate, backups.subject, late),
            (.backupUnverified, backups.subject, unverified),
        ]
    }

    private func readings(of host: ObservedHost) -> [Reading] {
        let subject = AlertSubject(organizationSlug: installationSlug, name: host.name)
        var readings: [Reading] = []
        if let free = host.diskFreeBytes, let total = host.diskBytes, total > 0 {
            let words = "\(free >> 20) of \(total >> 20) MiB are free under the data folder."
            readings.append(
                (
                    .diskLow, subject,
                    Self.reading(
                        free: free, of: total, AlertBounds.diskFree, bad: words + " Make room before writes fail.",
                        good: words)
                ))
        }
        if let free = host.memoryFreeBytes, let total = host.memoryBytes, total > 0 {
            let words = "\(free >> 20) of \(total >> 20) MiB of memory are available."
            readings.append(
                (
                    .memoryLow, subject,
                    Self.reading(
                        free: free, of: total, AlertBounds.memoryFree,
                        bad: words + " Pause a project, or give the host more.", good: words)
                ))
        }
        return readings
    }

    private static func reading(
        free: UInt64, of total: UInt64, _ bounds: (low: Int, enough: Int), bad: String, good: String
    ) -> AlertReading {
        let hundredths = Double(free) / Double(total) * 100
        if hundredths < Double(bounds.low) { return .bad(bad) }
        return hundredths >= Double(bounds.enough) ? .good(good) : .between
    }

    // MARK: - What just happens

    /// The first sign-in of an account is none from a new address: there was none before it. An organization that shares
    /// the account is not told from where its owner works for others: the installation's alone gets the address.
    private func notices(of signIn: ObservedSignIn) -> [Alert] {
        let network = ClientAddress.network(of: signIn.address)
        guard !signIn.earlier.isEmpty, !signIn.earlier.contains(where: { ClientAddress.network(of: $0) == network })
        else { return [] }
        return signIn.organizations.map { slug in
            let subject = AlertSubject(organizationSlug: slug, name: signIn.email)
            let place =
                slug == installationSlug
                ? "The address is \(signIn.address)." : "The account's audit trail has the address."
            return Alert(
                key: "\(AlertRule.newSignIn.rawValue)/\(slug)/\(signIn.scope)/\(signIn.number)", rule: .newSignIn,
                phase: .notice,
                subject: subject, title: AlertRule.newSignIn.title(of: subject),
                text: "\(place) If it was not \(signIn.email), end the account's sessions and change its password.",
                at: signIn.at)
        }
    }

    private func notice(of takeover: ObservedTakeover, now: Timestamp) -> Alert {
        let subject = AlertSubject(organizationSlug: installationSlug, name: takeover.to)
        return Alert(
            key: "\(AlertRule.leaseTaken.rawValue)/\(takeover.term)", rule: .leaseTaken, phase: .notice,
            subject: subject, title: AlertRule.leaseTaken.title(of: subject),
            text:
                "The manager at \(takeover.from) had the lease and did not give it back; the manager at \(takeover.to) "
                + "has it now. Look whether the former one is still there.", at: now)
    }
}

/// What an evaluation changes.
public struct AlertChange: Sendable, Equatable {
    public var states: [AlertState] = []
    public var forgotten: [AlertState] = []
    public var alerts: [Alert] = []
    /// By audit trail, the number up to which sign-ins were judged, told or not.
    public var judgedSignIns: [String: Int64] = [:]

    public init() {}

    public var isEmpty: Bool {
        states.isEmpty && forgotten.isEmpty && alerts.isEmpty && judgedSignIns.isEmpty
    }
}
