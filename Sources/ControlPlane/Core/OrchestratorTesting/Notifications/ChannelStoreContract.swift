public import NotificationModel
import Orchestrator
import ProjectModel

/// What every ``ChannelStore`` promises. Tests run it on ``InMemoryChannelStore`` and on PostgreSQL.
public struct ChannelStoreContract: Sendable {
    private let store: any ChannelStore
    private let organization: String
    private let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// - Parameters:
    ///   - store: An empty one.
    ///   - organization: An organization that exists.
    public init(store: any ChannelStore, organization: String) {
        self.store = store
        self.organization = organization
    }

    /// Checks every promise; throws the first that is broken.
    public func run() async throws {
        try await channels()
        try await orderAndRetries()
        try await grouping()
        try await turns()
        try await logAndReplay()
        try await signIns()
        try await states()
    }

    private func channel(_ number: Int, _ name: String, grouping: Duration = .zero) -> NotificationChannel {
        NotificationChannel(
            id: "0a0a0a0a-0000-4000-8000-00000000000\(number)", organizationSlug: organization, name: name,
            kind: .webhook, grouping: grouping, sealedTarget: [UInt8(number), 0, 255], targetShown: "https://a.example",
            createdAt: start, updatedAt: start)
    }

    private func ref(_ letter: Character) throws -> ProjectRef {
        guard let ref = ProjectRef(String(repeating: letter, count: 20)) else { throw ContractViolation("no ref") }
        return ref
    }

    private func alert(
        _ key: String, of letter: Character, _ rule: AlertRule = .unhealthy, at seconds: Int64 = 0
    ) throws -> Alert {
        let subject = AlertSubject(organizationSlug: organization, ref: try ref(letter), name: "project \(letter)")
        return Alert(
            key: key, rule: rule, phase: .problem, subject: subject, title: "title \(key)", text: "text \(key)",
            at: start + .seconds(seconds))
    }

    private func tell(_ alerts: [Alert], at seconds: Int64 = 0) async throws {
        var change = AlertChange()
        change.alerts = alerts
        try await store.record(change, at: start + .seconds(seconds))
    }

    private func settlement(
        _ outcome: SendOutcome, of claim: DeliveryClaim, at time: Timestamp
    ) throws -> DeliverySettlement {
        guard let first = claim.deliveries.first else { throw ContractViolation("a claim is empty") }
        return DeliverySettlement(
            after: outcome, of: first, failures: claim.channel.failures, now: time, limits: DeliveryLimits())
    }

    private func channels() async throws {
        var (first, second) = (channel(1, "b"), channel(2, "a", grouping: .seconds(60)))
        first.filter = ChannelFilter(refs: [try ref("a")], rules: [.unhealthy, .test], priority: .warning)
        first.quietTime = QuietTime(from: 1_320, until: 360)
        first.isEnabled = false
        try promise("a channel is stored", try await store.insert(first, limit: 2))
        try promise("and another one", try await store.insert(second, limit: 2))
        try promise("no more than the limit are", try await !store.insert(channel(3, "c"), limit: 2))
        try promise("channels come by name", try await store.channels(of: organization) == [second, first])
        try promise("another organization has none", try await store.channels(of: "other").isEmpty)
        try promise(
            "a channel is what was stored", try await store.channel(first.id, of: organization) == first)
        try promise("of its organization alone", try await store.channel(first.id, of: "other") == nil)
        (second.name, second.quietTime, second.filter) = ("z", nil, ChannelFilter())
        second.updatedAt = start + .seconds(1)
        try promise("a channel is changed", try await store.update(second))
        try promise("and read as it is", try await store.channel(second.id, of: organization) == second)
        second.organizationSlug = "other"
        try promise("not by another organization", try await !store.update(second))
        try promise("nor deleted", try await store.deleteChannel(second.id, of: "other") == nil)
        for one in [first, second] {
            try promise(
                "what is deleted is given", try await store.deleteChannel(one.id, of: organization)?.id == one.id)
        }
        try promise("and is gone", try await store.channels(of: organization).isEmpty)
    }

    private func orderAndRetries() async throws {
        let one = channel(4, "order")
        try promise("a channel is stored", try await store.insert(one, limit: 10))
        try await tell([try alert("o1", of: "a"), try alert("o2", of: "a")])
        try await tell([try alert("o1", of: "a")])
        let all = try await store.deliveries(of: organization, DeliveryQuery(channel: one.id))
        try promise("an alert is reported once, the latest is shown first", all.map(\.alert.key) == ["o2", "o1"])
        try promise("an alert is what was reported", all.last?.alert == (try alert("o1", of: "a")))
        try promise(
            "a channel with something due is found",
            try await due(at: start) == [one.id])
        try promise("not when it is busy", try await due(at: start, besides: [one.id]).isEmpty)
        guard let claim = try await store.claim(one.id, at: start) else { throw ContractViolation("nothing is due") }
        try promise("the first goes first, alone", claim.deliveries.map(\.alert.key) == ["o1"])
        try promise("an attempt is counted before it is made", claim.deliveries.first?.attempts == 1)

        // The manager died: the next one claims the same message under the same id.
        guard let again = try await store.claim(one.id, at: start) else { throw ContractViolation("nothing is due") }
        try promise(
            "the same message is claimed again", again.deliveries.map(\.messageID) == claim.deliveries.map(\.messageID))
        try promise(
            "the end of an earlier attempt does not count",
            try await !store.settle(claim, try settlement(.delivered("late"), of: claim, at: start), at: start))
        let down = try settlement(.unavailable("down", after: nil), of: again, at: start)
        try promise("a failure is written", try await store.settle(again, down, at: start))
        try promise(
            "the channel is left alone",
            try await due(at: start + .seconds(29)).isEmpty)
        try promise("and not claimed", try await store.claim(one.id, at: start + .seconds(29)) == nil)
        let later = start + .seconds(30)
        guard let third = try await store.claim(one.id, at: later) else { throw ContractViolation("nothing is due") }
        try promise(
            "order holds over failures", third.deliveries.map(\.alert.key) == ["o1"] && third.channel.failures == 1)
        try await tell([try alert("o3", of: "b", at: 30)], at: 30)
        let refused = try settlement(.refused("no"), of: third, at: later)
        try promise("a refusal is written", try await store.settle(third, refused, at: later))
        try promise("attempts without an answer are no refusals", refused.state == .waiting && refused.refusals == 1)
        if refused.state == .waiting {
            guard let other = try await store.claim(one.id, at: later) else { throw ContractViolation("b waits") }
            try promise(
                "another project does not wait for a refused message", other.deliveries.map(\.alert.key) == ["o3"])
            try promise(
                "what is delivered is written",
                try await store.settle(other, try settlement(.delivered("200"), of: other, at: later), at: later))
            try promise("nothing else is due before the retry", try await store.claim(one.id, at: later) == nil)
            let retry = try await store.claim(one.id, at: later + .seconds(30))
            try promise("refusals are counted on their own", retry?.deliveries.first?.refusals == 1)
        }
        _ = try await store.deleteChannel(one.id, of: organization)
    }

    private func grouping() async throws {
        let one = channel(5, "group", grouping: .seconds(60))
        try promise("a channel is stored", try await store.insert(one, limit: 10))
        try await tell([try alert("g1", of: "a")])
        try await tell([try alert("g2", of: "a", at: 30), try alert("g3", of: "b", at: 30)], at: 30)
        try promise("grouped messages wait", try await store.claim(one.id, at: start + .seconds(59)) == nil)
        guard let claim = try await store.claim(one.id, at: start + .seconds(60)) else {
            throw ContractViolation("the group is not due")
        }
        try promise("and go together", claim.deliveries.map(\.alert.key) == ["g1", "g2"])
        try await tell([try alert("g4", of: "a", at: 60)], at: 60)
        guard let again = try await store.claim(one.id, at: start + .seconds(61)) else {
            throw ContractViolation("the group is not due again")
        }
        try promise("a message that was tried stays as it was", again.deliveries.map(\.alert.key) == ["g1", "g2"])
        let sent = try settlement(.delivered("200"), of: again, at: start + .seconds(61))
        try promise("all of it is delivered", try await store.settle(again, sent, at: start + .seconds(61)))
        let log = try await store.deliveries(of: organization, DeliveryQuery(channel: one.id, state: .delivered))
        try promise("which the log shows", log.map(\.alert.key) == ["g2", "g1"])
        _ = try await store.deleteChannel(one.id, of: organization)
    }

    private func due(
        at time: Timestamp, besides busy: Set<String> = [], limit: Int = 5, share: Int = 5
    ) async throws -> [String] {
        try await store.dueChannels(at: time, besides: busy, limit: limit, share: share)
    }

    private func turns() async throws {
        let all = [channel(1, "one"), channel(2, "two"), channel(3, "three")]
        for one in all { try promise("a channel is stored", try await store.insert(one, limit: 10)) }
        let ids = all.map(\.id)
        try await tell([try alert("w1", of: "a"), try alert("w2", of: "b"), try alert("w3", of: "b")])
        let first = try await due(at: start)
        try promise("all have something due", Set(first) == Set(ids))
        try promise("an organization has its share", try await due(at: start, share: 2).count == 2)
        try promise(
            "of which those at work are a part", try await due(at: start, besides: [ids[0]], share: 2).count == 1)
        try promise("and a limit is one", try await due(at: start, limit: 1) == Array(first.prefix(1)))
        for (second, id) in first.enumerated() {
            let time = start + .seconds(Int64(second) + 1)
            guard let claim = try await store.claim(id, at: time) else { throw ContractViolation("nothing is due") }
            try promise(
                "what is delivered is written",
                try await store.settle(claim, try settlement(.delivered("200"), of: claim, at: time), at: time))
            let next = try await due(at: start + .seconds(9))
            try promise("who was served goes to the end", next.last == id && next.count == 3)
        }
        try promise("the first is the first again", try await due(at: start + .seconds(9)) == first)
        // Attempts of lines take turns as well.
        var queues: [String] = []
        for second in 10..<14 as Range<Int64> {
            guard let claim = try await store.claim(ids[0], at: start + .seconds(second)),
                let queue = claim.deliveries.first?.queue
            else { throw ContractViolation("nothing is due") }
            queues.append(queue)
            if second == 10 {
                try promise("b waits", queue == (try ref("b")).text)
                try await tell([try alert("w4", of: "c", at: 10)], at: 10)
            }
        }
        try promise(
            "a line that was tried lets others pass",
            queues == (try ["b", "c", "b", "c"].map { try ref($0).text }))
        for id in ids { _ = try await store.deleteChannel(id, of: organization) }
    }

    private func signIns() async throws {
        let one = channel(8, "who")
        try promise("a channel is stored", try await store.insert(one, limit: 10))
        try await tell([try alert("s1", of: "a"), try alert("s2", of: "a", .newSignIn), try alert("s3", of: "a")])
        let all = try await store.deliveries(of: organization, DeliveryQuery(channel: one.id))
        try promise("the log has sign-ins", all.map(\.alert.key) == ["s3", "s2", "s1"])
        let page = try await store.deliveries(
            of: organization, DeliveryQuery(channel: one.id, limit: 2, showsSignIns: false))
        try promise("not for everybody, and a page is whole without them", page.map(\.alert.key) == ["s3", "s1"])
        _ = try await store.deleteChannel(one.id, of: organization)
    }

    private func logAndReplay() async throws {
        let one = channel(6, "log")
        try promise("a channel is stored", try await store.insert(one, limit: 10))
        guard let test = try await store.enqueue(try alert("t1", of: "a", .test), on: one) else {
            throw ContractViolation("no trial")
        }
        try promise(
            "a trial is refused while one waits",
            try await store.enqueue(try alert("t2", of: "a", .test), on: one) == nil)
        try promise(
            "and at a channel that is not there",
            try await store.enqueue(try alert("t3", of: "a", .test), on: channel(9, "none")) == nil)
        try promise("what waits is not replayed", try await store.replay(test.id, of: organization, at: start) == nil)
        guard let claim = try await store.claim(one.id, at: start) else { throw ContractViolation("no trial is due") }
        try promise("a trial is due at once", claim.deliveries.map(\.id) == [test.id])
        var dead = try settlement(.refused("gone"), of: claim, at: start)
        dead.state = .dead
        try promise("a message is given up", try await store.settle(claim, dead, at: start))
        let log = try await store.deliveries(of: organization, DeliveryQuery(state: .dead))
        try promise("the log has the answer", log.map(\.answer) == ["gone"] && log.map(\.id) == [test.id])
        try promise(
            "another organization does not replay it", try await store.replay(test.id, of: "other", at: start) == nil)
        let again = try await store.replay(test.id, of: organization, at: start + .seconds(5))
        try promise("it waits again, under its id", again?.state == .waiting && again?.messageID == test.messageID)
        try promise("its attempts and refusals begin again", again?.attempts == 0 && again?.refusals == 0)
        _ = try await store.removeAlerts(before: start + .seconds(9), limit: 99)
        let kept = try await store.deliveries(of: organization, DeliveryQuery(channel: one.id))
        try promise("nothing old is removed that waits", kept.map(\.id) == [test.id])
        guard let last = try await store.claim(one.id, at: start + .seconds(5)) else {
            throw ContractViolation("no replay")
        }
        let sent = try settlement(.delivered("200"), of: last, at: start + .seconds(6))
        try promise("and is delivered", try await store.settle(last, sent, at: start + .seconds(6)))
        try promise(
            "old alerts go with their deliveries",
            try await store.removeAlerts(before: start + .seconds(9), limit: 9) >= 1)
        try promise("the log is empty", try await store.deliveries(of: organization, DeliveryQuery()).isEmpty)
        _ = try await store.deleteChannel(one.id, of: organization)
    }

    private func states() async throws {
        let subject = AlertSubject(organizationSlug: organization, ref: try ref("s"), name: "shop")
        var state = AlertState(rule: .unhealthy, subject: subject, stage: .pending, since: start)
        let host = AlertState(
            rule: .diskLow, subject: AlertSubject(organizationSlug: organization, name: "host"), stage: .firing,
            since: start, clearSince: start + .seconds(1))
        func all() async throws -> [AlertState] {
            try await store.observe(since: start, backups: false).states.sorted { $0.rule.rawValue < $1.rule.rawValue }
        }
        var change = AlertChange()
        change.states = [state, host]
        try await store.record(change, at: start)
        try promise("states are stored", try await all() == [host, state])
        state.stage = .firing
        change.states = [state]
        try await store.record(change, at: start)
        try promise("and replaced", try await all() == [host, state])
        change.states = []
        change.forgotten = [state, host]
        try await store.record(change, at: start)
        try promise("and forgotten", try await all().isEmpty)
    }
}
