import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import NotificationModel

@Suite("Rules of alerts")
struct AlertRuleTests {
    private let start = Timestamp(milliseconds: 1_800_000_000_000)
    private let ref = ProjectRef.sample(7)

    private var subject: AlertSubject { AlertSubject(organizationSlug: "acme", ref: ref, name: "shop") }

    /// Feeds readings at seconds; gives what is reported at which second.
    private func run(
        _ rule: AlertRule, _ readings: [(Int64, AlertReading)], from state: AlertState? = nil, watched: Int64 = -10_000
    ) -> [String] {
        var state = state
        var told: [String] = []
        for (second, reading) in readings {
            let step = AlertStep(
                rule, of: subject, from: state, reading: reading, now: start + .seconds(second),
                watchedFrom: start + .seconds(watched))
            state = step.state
            if let alert = step.alert { told.append("\(second) \(alert.phase.rawValue)") }
        }
        return told
    }

    @Test("a condition is reported after it has lasted, once, and its end after that has lasted")
    func lasts() {
        let readings: [(Int64, AlertReading)] = [
            (0, .bad("x")), (119, .bad("x")), (120, .bad("x")), (200, .bad("x")), (210, .good("y")), (509, .good("y")),
            (510, .good("y")), (520, .good("y")),
        ]
        #expect(run(.unhealthy, readings) == ["120 problem", "510 resolved"])
    }

    @Test("a service that comes and goes for an hour makes two messages")
    func flaps() {
        var readings: [(Int64, AlertReading)] = (0...12).map { ($0 * 10, .bad("x")) }
        for minute in 3...60 { readings.append((Int64(minute) * 60, minute % 2 == 0 ? .bad("x") : .good("y"))) }
        readings += [(3_700, .good("y")), (4_001, .good("y"))]
        #expect(run(.unhealthy, readings) == ["120 problem", "4001 resolved"])
    }

    @Test("what is short is never told, and begins again")
    func short() {
        #expect(run(.unhealthy, [(0, .bad("x")), (100, .good("y")), (110, .bad("x")), (229, .bad("x"))]).isEmpty)
    }

    @Test("time in which no manager watched counts for nothing")
    func restart() {
        let pending = AlertState(rule: .unhealthy, subject: subject, stage: .pending, since: start)
        let readings: [(Int64, AlertReading)] = [(3_600, .bad("x")), (3_719, .bad("x")), (3_720, .bad("x"))]
        #expect(run(.unhealthy, readings, from: pending, watched: 3_600) == ["3720 problem"])
        let firing = AlertState(
            rule: .unhealthy, subject: subject, stage: .firing, since: start, clearSince: start + .seconds(10))
        #expect(
            run(.unhealthy, [(3_600, .good("y")), (3_900, .good("y"))], from: firing, watched: 3_600)
                == ["3900 resolved"])
        // One that fires is not told again by the next manager.
        #expect(run(.unhealthy, [(3_600, .bad("x")), (9_000, .bad("x"))], from: firing, watched: 3_600).isEmpty)
    }

    @Test("a clock that was set back makes nothing wait for longer than the rule says")
    func clock() {
        let pending = AlertState(rule: .unhealthy, subject: subject, stage: .pending, since: start + .seconds(9_000))
        #expect(run(.unhealthy, [(0, .bad("x")), (120, .bad("x"))], from: pending) == ["120 problem"])
    }

    @Test("what is gone is over at once, what is between the bounds stays, what never fired is not told")
    func gone() {
        let firing = AlertState(rule: .diskLow, subject: subject, stage: .firing, since: start)
        #expect(run(.diskLow, [(1, .between), (2, .gone("z"))], from: firing) == ["2 resolved"])
        #expect(run(.diskLow, [(1, .bad("x")), (2, .gone("z"))]).isEmpty)
    }

    @Test("each status means one thing for each rule", arguments: ProjectStatus.allCases)
    func statuses(_ status: ProjectStatus) {
        let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: start + .seconds(-10_000))
        var observation = AlertObservation()
        observation.projects = [WatchedProject(subject: subject, status: status)]
        observation.states = [.unhealthy, .startFailed].map {
            AlertState(
                rule: $0, subject: subject, stage: .firing, since: start + .seconds(-1_000),
                clearSince: start + .seconds(-900))
        }
        let told = evaluator.change(on: observation, host: nil, now: start).alerts.map { $0.rule }
        switch status {
        case .degraded: #expect(told == [.startFailed])
        case .failed: #expect(told == [.unhealthy])
        case .active, .paused, .pausing, .deleting, .deleted: #expect(told == [.unhealthy, .startFailed])
        default: #expect(told.isEmpty)
        }
    }

    @Test("a project that is not there any more ends its alerts")
    func missing() {
        let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: start)
        var observation = AlertObservation()
        observation.states = [AlertState(rule: .backupLate, subject: subject, stage: .firing, since: start)]
        let change = evaluator.change(on: observation, host: nil, now: start + .seconds(1))
        #expect(change.forgotten == observation.states)
        #expect(change.alerts.map(\.phase) == [.resolved])
    }

    @Test("backups: failed at once, late after a day and a half, unverified after a day")
    func backups() {
        let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: start + .seconds(-999_999))
        func firing(_ change: (inout ObservedBackups) -> Void) -> [AlertRule] {
            var backups = ObservedBackups(subject: subject)
            change(&backups)
            var observation = AlertObservation()
            observation.backups = [backups]
            // What is pending would fire once it has lasted.
            return evaluator.change(on: observation, host: nil, now: start).states.map(\.rule)
        }
        let day: Int64 = 86_400
        #expect(firing { _ in }.isEmpty)
        #expect(firing { $0.latestFailure = "no room" } == [.backupFailed])
        #expect(firing { $0.scheduledSince = start + .seconds(-2 * day) } == [.backupLate])
        #expect(firing { $0.scheduledSince = start + .seconds(-day) }.isEmpty)
        #expect(
            firing {
                $0.scheduledSince = start + .seconds(-9 * day)
                $0.newestTakenAt = start + .seconds(-day)
            }.isEmpty)
        #expect(firing { $0.newestTakenAt = start + .seconds(-9 * day) }.isEmpty)
        #expect(firing { $0.unverifiedSince = start + .seconds(-day - 1) } == [.backupUnverified])
        #expect(firing { $0.unverifiedSince = start + .seconds(-day) }.isEmpty)
    }

    @Test(
        "disk and memory begin and end at different bounds, and what is not measured says nothing",
        arguments: [
            (9 as UInt64?, true), (10, false), (14, false), (15, false), (100, false), (nil, false),
        ])
    func host(free: UInt64?, isLow: Bool) {
        let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: start)
        var host = ObservedHost(name: "host a")
        (host.diskFreeBytes, host.diskBytes) = (free, 100)
        let change = evaluator.change(on: AlertObservation(), host: host, now: start)
        #expect(change.states.map(\.rule) == (isLow ? [.diskLow] : []))
        var observation = AlertObservation()
        let place = AlertSubject(organizationSlug: "default", name: "host a")
        observation.states = [
            AlertState(
                rule: .diskLow, subject: place, stage: .firing, since: start + .seconds(-9_000),
                clearSince: start + .seconds(-9_000))
        ]
        let later = AlertEvaluator(installationSlug: "default", watchedFrom: start + .seconds(-9_999))
            .change(on: observation, host: host, now: start)
        #expect(later.alerts.map(\.phase) == ((free ?? 0) >= 15 ? [.resolved] : []))
    }

    @Test(
        "a sign-in is reported when the account had others, and none from that network",
        arguments: [
            ("192.0.2.1", [], false), ("192.0.2.1", ["192.0.2.1"], false), ("192.0.2.1", ["192.0.2.2"], true),
            ("::ffff:192.0.2.1", ["192.0.2.1"], false), ("2001:db8::1", ["2001:db8::2"], false),
            ("2001:db8:0:1::1", ["2001:db8::2"], true),
        ] as [(String, [String], Bool)])
    func signIns(address: String, earlier: [String], isNew: Bool) {
        let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: start)
        var observation = AlertObservation()
        observation.signIns = [
            ObservedSignIn(
                scope: "account:1", number: 5, email: "ada@example.com", organizations: ["default", "b"],
                address: address,
                earlier: earlier, at: start)
        ]
        let change = evaluator.change(on: observation, host: nil, now: start)
        let alerts = change.alerts
        #expect(alerts.map(\.subject.organizationSlug) == (isNew ? ["default", "b"] : []))
        #expect(Set(alerts.map(\.key)).count == alerts.count)
        // Told or not, it was judged; and the address is for the installation's organization alone.
        #expect(change.judgedSignIns == ["account:1": 5] && !change.isEmpty)
        #expect(alerts.map { $0.text.contains(address) } == (isNew ? [true, false] : []))
    }

    @Test("a lease that was taken is reported once a term, to the installation's organization")
    func takeover() {
        let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: start)
        var observation = AlertObservation()
        observation.takeover = ObservedTakeover(term: 4, from: "http://a", to: "http://b")
        let alerts = evaluator.change(on: observation, host: nil, now: start).alerts
        #expect(alerts.map(\.key) == ["manager.lease_taken/4"])
        #expect(alerts.first?.subject.organizationSlug == "default")
        #expect(alerts.first?.text.contains("http://a") == true)
    }

    @Test("texts of others stay one line, within bounds, without marks that turn text around")
    func texts() {
        let alert = Alert(
            key: "k", rule: .unhealthy, phase: .problem, subject: subject, title: "a\r\nBcc: x\u{202E}",
            text: String(repeating: "e\u{301}", count: 2_000), at: start)
        #expect(alert.title == "a  Bcc: x ")
        #expect(alert.text.unicodeScalars.count == Alert.textLengthMax)
    }
}
