import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import NotificationModel

@Suite("When and how messages go")
struct DeliveryScheduleTests {
    /// Midnight, UTC.
    private let midnight = Timestamp(milliseconds: 1_799_971_200_000)
    private let ref = ProjectRef.sample(3)

    private func alert(_ rule: AlertRule = .unhealthy, _ phase: AlertPhase = .problem, ref: ProjectRef?) -> Alert {
        Alert(
            key: "k", rule: rule, phase: phase, subject: AlertSubject(organizationSlug: "a", ref: ref, name: "shop"),
            title: "t", text: "x", at: midnight)
    }

    private func channel(
        _ filter: ChannelFilter = ChannelFilter(), quiet: QuietTime? = nil, grouping: Duration = .zero
    ) -> NotificationChannel {
        NotificationChannel(
            id: "c", organizationSlug: "a", name: "n", kind: .slack, filter: filter, quietTime: quiet,
            grouping: grouping, sealedTarget: [], targetShown: "", createdAt: midnight, updatedAt: midnight)
    }

    private func delivery(_ id: Int64, kept: Bool = false, batch: Int64? = nil) -> AlertDelivery {
        var delivery = AlertDelivery(
            id: id, messageID: "m\(id)", channel: "c", alert: alert(ref: ref), createdAt: midnight,
            dueAt: kept ? midnight + .seconds(60) : midnight)
        delivery.batch = batch
        return delivery
    }

    private func tried(_ attempts: Int, refusals: Int = 0) -> AlertDelivery {
        var delivery = delivery(1)
        (delivery.attempts, delivery.refusals) = (attempts, refusals)
        return delivery
    }

    @Test("every minute of a day is in a quiet time or not, and the quiet time ends when it says")
    func quiet() throws {
        for (from, until) in [(0, 1), (1_439, 0), (1_320, 360), (360, 1_320), (1, 0), (0, 1_439)] {
            let quiet = try #require(QuietTime(from: from, until: until))
            for minute in 0..<1_440 {
                let time = midnight + .milliseconds(Int64(minute) * 60_000 + 59_999)
                let isQuiet = from < until ? from <= minute && minute < until : minute >= from || minute < until
                let end = quiet.end(at: time)
                #expect((end != nil) == isQuiet, "\(from)–\(until) at \(minute)")
                guard let end else { continue }
                #expect(quiet.end(at: end) == nil && end > time && end.since(time) <= .seconds(86_400))
                #expect(end.since(midnight).components.seconds % 86_400 == Int64(until) * 60)
            }
        }
        for (from, until) in [(0, 0), (-1, 5), (5, 1_440)] { #expect(QuietTime(from: from, until: until) == nil) }
        #expect(QuietTime(from: 0, until: 60)?.end(at: Timestamp(milliseconds: -1)) == nil)
    }

    @Test("a filter takes what all of its parts take")
    func filters() {
        let other = ProjectRef.sample(4)
        #expect(ChannelFilter().takes(alert(ref: ref)) && ChannelFilter().takes(alert(ref: nil)))
        #expect(ChannelFilter(refs: [ref]).takes(alert(ref: ref)))
        #expect(!ChannelFilter(refs: [other]).takes(alert(ref: ref)))
        #expect(!ChannelFilter(refs: [ref]).takes(alert(.diskLow, ref: nil)))
        #expect(!ChannelFilter(rules: [.diskLow]).takes(alert(ref: ref)))
        #expect(!ChannelFilter().takes(alert(.test, ref: nil)))
        for rule in AlertRule.choosable {
            for priority in NotificationPriority.allCases {
                for phase in AlertPhase.allCases {
                    #expect(
                        ChannelFilter(priority: priority).takes(alert(rule, phase, ref: ref))
                            == (rule.priority.urgency >= priority.urgency), "\(rule) \(priority) \(phase)")
                }
            }
        }
    }

    @Test(
        "quiet time keeps what is not critical, grouping keeps everything a while, a channel that is off takes nothing")
    func due() throws {
        let quiet = try #require(QuietTime(from: 0, until: 360))
        let end = midnight + .seconds(360 * 60)
        let minute: Duration = .seconds(60)
        func due(_ rule: AlertRule, _ phase: AlertPhase = .problem, on channel: NotificationChannel) -> Timestamp? {
            DeliverySchedule.due(of: alert(rule, phase, ref: ref), on: channel, at: midnight)
        }
        #expect(due(.unhealthy, on: channel()) == midnight)
        #expect(due(.unhealthy, on: channel(quiet: quiet)) == midnight)
        #expect(due(.unhealthy, .resolved, on: channel(quiet: quiet)) == end)
        #expect(due(.backupLate, on: channel(quiet: quiet)) == end)
        #expect(due(.backupLate, on: channel(grouping: minute)) == midnight + minute)
        #expect(due(.backupLate, on: channel(quiet: quiet, grouping: minute)) == end)
        var off = channel()
        off.isEnabled = false
        #expect(due(.unhealthy, on: off) == nil)
        // What would become due within the quiet time waits for its end.
        let soon = try #require(QuietTime(from: 1, until: 60))
        #expect(due(.backupLate, on: channel(quiet: soon, grouping: minute)) == midnight + .seconds(3_600))
    }

    @Test("the line that waits longest goes first, unless it has nothing due or waits for another try")
    func lines() {
        func line(
            _ queue: String, _ first: Int64, due: Int64 = 0, retry: Int64? = nil, tried: Int64? = nil
        ) -> DeliverySchedule.Line {
            DeliverySchedule.Line(
                queue: queue, first: first, earliestDue: midnight + .seconds(due),
                retryAt: retry.map { midnight + .seconds($0) }, lastAttemptAt: tried.map { midnight + .seconds($0) })
        }
        #expect(DeliverySchedule.next(in: [], at: midnight) == nil)
        #expect(DeliverySchedule.next(in: [line("b", 2), line("a", 1)], at: midnight) == "a")
        #expect(DeliverySchedule.next(in: [line("b", 2), line("a", 1, due: 1)], at: midnight) == "b")
        #expect(DeliverySchedule.next(in: [line("b", 2), line("a", 1, retry: 1)], at: midnight) == "b")
        #expect(DeliverySchedule.next(in: [line("a", 1, retry: 1)], at: midnight) == nil)
        #expect(DeliverySchedule.next(in: [line("a", 1, retry: 0)], at: midnight) == "a")
        #expect(DeliverySchedule.next(in: [line("b", 2), line("a", 1, tried: -60)], at: midnight) == "b")
        #expect(DeliverySchedule.next(in: [line("b", 2, tried: -90), line("a", 1, tried: -60)], at: midnight) == "b")
    }

    @Test("what was kept goes together, what was tried stays as it was, the rest goes alone")
    func batches() {
        func ids(_ waiting: [AlertDelivery]) -> [Int64] { DeliverySchedule.batch(of: waiting).map(\.id) }
        #expect(ids([]) == [])
        #expect(ids([delivery(1), delivery(2)]) == [1])
        #expect(ids([delivery(1, kept: true), delivery(2), delivery(3, kept: true)]) == [1, 2, 3])
        #expect(ids([delivery(1, kept: true, batch: 1), delivery(2, batch: 1), delivery(3)]) == [1, 2])
        #expect(ids([delivery(1, batch: 1), delivery(2, kept: true)]) == [1])
        #expect(ids((1...30).map { delivery($0, kept: true) }) == Array(1...20))
    }

    @Test("a sink that does not answer is left alone for longer and longer, and a message is given up after a day")
    func unavailable() {
        let limits = DeliveryLimits()
        let waits = (0...6).map { failures in
            DeliverySettlement(
                after: .unavailable("x", after: nil), of: tried(1), failures: failures, now: midnight, limits: limits
            ).channelRetryAt?.since(midnight).components.seconds
        }
        #expect(waits == [30, 120, 600, 1_800, 3_600, 3_600, 3_600])
        func settle(
            _ asked: Duration?, after age: Duration = .zero, attempts: Int = 3, failures: Int = 0
        ) -> DeliverySettlement {
            DeliverySettlement(
                after: .unavailable("x", after: asked), of: tried(attempts), failures: failures, now: midnight + age,
                limits: limits)
        }
        #expect(settle(.seconds(300)).channelRetryAt == midnight + .seconds(300))
        #expect(settle(.seconds(1)).channelRetryAt == midnight + .seconds(30))
        #expect(settle(.seconds(999_999)).channelRetryAt == midnight + .seconds(3_600))
        #expect(settle(nil).state == .waiting && settle(nil, after: .seconds(86_399)).state == .waiting)
        let day: Duration = .seconds(86_400)
        #expect(settle(nil, after: day).state == .dead)
        #expect(settle(nil, after: day, attempts: 2, failures: 1).state == .waiting)
        let last = settle(nil, after: day, attempts: 1, failures: 2)
        #expect(last.state == .dead && last.channelRetryAt == midnight + day + .seconds(30))
    }

    @Test("a message that the sink refuses is given up after three attempts, and holds nothing else")
    func refused() {
        let results = (0...2).map { before in
            DeliverySettlement(
                after: .refused("no"), of: tried(9, refusals: before), failures: 5, now: midnight,
                limits: DeliveryLimits())
        }
        #expect(results.map(\.refusals) == [1, 2, 3])
        #expect(results.map(\.state) == [.waiting, .waiting, .dead])
        #expect(results.map(\.retryAt) == [midnight + .seconds(30), midnight + .seconds(120), nil])
        #expect(results.allSatisfy { $0.channelFailures == 0 && $0.channelRetryAt == nil })
        let sent = DeliverySettlement(
            after: .delivered(String(repeating: "x", count: 999)), of: tried(1), failures: 5, now: midnight,
            limits: DeliveryLimits())
        #expect(sent.state == .delivered && sent.channelFailures == 0 && sent.answer.count == 300)
    }

    @Test(
        "targets that cannot be right are refused",
        arguments: [
            ("https://hooks.example/x", true), ("http://hooks.example/x", false),
            ("https://user@hooks.example/", false),
            ("https://[2001:db8::1]:8443/x?y", true), ("http://127.0.0.1:9/x", true), ("https://a b/", false),
            ("ftp://a.example", false), ("https://a.example:99999/", false), ("https://a.example\r\nx", false),
            ("", false),
        ])
    func targets(url: String, isGood: Bool) {
        #expect((ChannelTarget.slack(Secret(url)).refusal == nil) == isGood)
    }

    @Test("a target comes out of its seal as it went in, for its channel alone, and shows no secret")
    func seal() throws {
        let targets: [ChannelTarget] = [
            .slack(Secret("https://hooks.example/T0/hidden")), .discord(Secret("https://d.example/api/hidden")),
            .webhook(
                .init(url: Secret("https://w.example/hidden"), secrets: [ChannelTarget.WebhookTarget.drawSecret()])),
            .email(
                .init(
                    host: "mail.example", port: 465, user: "u", password: Secret("hidden"), sender: "a@b.example",
                    recipients: ["c@d.example"])),
        ]
        for target in targets {
            #expect(target.refusal == nil)
            #expect(!target.shown.contains("hidden") && !"\(target)".contains("hidden"))
            let sealed = try ChannelSeal.plain.seal(try target.encoded(), "one")
            var owner = channel()
            owner = NotificationChannel(
                id: "one", organizationSlug: "a", name: "n", kind: target.kind, sealedTarget: sealed, targetShown: "",
                createdAt: midnight, updatedAt: midnight)
            #expect(try ChannelSeal.plain.target(of: owner) == target)
            owner.id = "two"
            #expect(throws: ChannelRefusal.unreadable) { try ChannelSeal.plain.target(of: owner) }
        }
        #expect(ChannelTarget.webhook(.init(url: Secret("https://w.example"), secrets: [])).refusal != nil)
        #expect(
            ChannelTarget.webhook(.init(url: Secret("https://w.example"), secrets: [Secret("whsec_AAAA")])).refusal
                != nil)
    }
}
