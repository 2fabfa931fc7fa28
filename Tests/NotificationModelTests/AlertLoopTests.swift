import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import NotificationModel

/// The engine of deliveries against sinks that fail, on a clock that tests turn.
@Suite("Deliveries")
struct AlertLoopTests {
    private static let start = Timestamp(milliseconds: 1_800_000_000_000)

    /// Time that tests set.
    private final class Clock: TimeSource {
        private let time = Mutex(AlertLoopTests.start)

        func now() -> Timestamp { time.withLock { $0 } }
        func sleep(for duration: Duration) async throws { try await Task.sleep(for: .milliseconds(1)) }
        func advance(_ duration: Duration) { time.withLock { $0 = $0 + duration } }
    }

    /// A sink for each target's address: it notes what it took, and fails as told.
    private final class Sinks: AlertSender {
        private struct State {
            var taken: [String: [AlertMessage]] = [:]
            var attempts = 0
        }
        private let state = Mutex(State())
        private let answer: @Sendable (_ url: String, _ attempt: Int) async -> SendOutcome
        /// Title of a message that never is taken.
        private let poison: String?

        init(poison: String? = nil, _ answer: @escaping @Sendable (_ url: String, _ attempt: Int) async -> SendOutcome)
        {
            self.answer = answer
            self.poison = poison
        }

        func send(_ message: AlertMessage, to target: ChannelTarget) async -> SendOutcome {
            guard case .slack(let secret) = target else { return .refused("no sink") }
            let url = secret.reveal()
            let attempt = state.withLock { state in
                state.attempts += 1
                return state.attempts
            }
            if message.alerts.contains(where: { $0.title == poison }) { return .unavailable("503", after: nil) }
            let outcome = await answer(url, attempt)
            if case .delivered = outcome { state.withLock { $0.taken[url, default: []].append(message) } }
            return outcome
        }

        func taken(_ url: String) -> [AlertMessage] { state.withLock { $0.taken[url] ?? [] } }
        func titles(_ url: String) -> [String] { taken(url).flatMap(\.alerts).map(\.title) }
    }

    private static func loop(
        _ store: any ChannelStore, _ sinks: Sinks, time: any TimeSource, limits: DeliveryLimits = DeliveryLimits()
    ) -> AlertLoop {
        AlertLoop(
            AlertLoop.Ground(
                store: store, sender: sinks, seal: .plain, address: "http://manager", installationSlug: "default",
                host: { nil }), limits: limits, time: time, logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    private static func channel(_ number: Int, _ store: any ChannelStore) async throws -> String {
        let url = "https://sink\(number).example/x"
        let id = "0a0a0a0a-0000-4000-8000-00000000000\(number)"
        let target = ChannelTarget.slack(Secret(url))
        let channel = NotificationChannel(
            id: id, organizationSlug: "acme", name: "n\(number)", kind: .slack,
            sealedTarget: try ChannelSeal.plain.seal(try target.encoded(), id), targetShown: "", createdAt: start,
            updatedAt: start)
        #expect(try await store.insert(channel, limit: 20))
        return url
    }

    private static func tell(_ titles: [String], in store: any ChannelStore, at time: Timestamp) async throws {
        var change = AlertChange()
        change.alerts = titles.map { title in
            let ref = ProjectRef.sample(UInt64(title.utf8.first ?? 0))
            return Alert(
                key: title, rule: .unhealthy, phase: .problem,
                subject: AlertSubject(organizationSlug: "acme", ref: ref, name: "p"), title: title, text: "x", at: time)
        }
        try await store.record(change, at: time)
    }

    /// Serves what is due until nothing is.
    private static func drain(_ loop: AlertLoop, _ store: any ChannelStore, at time: Timestamp) async throws {
        while true {
            let due = try await store.dueChannels(at: time, besides: [], limit: 10, share: 10)
            if due.isEmpty { return }
            for channel in due { _ = try await loop.deliverNext(on: channel) }
        }
    }

    @Test("a sink that is down for an hour gets every message once, in order for each project")
    func hour() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let back = Self.start + .seconds(3_600)
        let sinks = Sinks { _, _ in clock.now() < back ? .unavailable("down", after: nil) : .delivered("200") }
        let loop = Self.loop(store, sinks, time: clock)
        var told: [String] = []
        for minute in 0..<180 {
            if minute < 60 {
                let titles = ["a\(minute)", "b\(minute)"]
                told += titles
                try await Self.tell(titles, in: store, at: clock.now())
            }
            try await Self.drain(loop, store, at: clock.now())
            clock.advance(.seconds(60))
        }
        let titles = sinks.titles(url)
        #expect(titles.count == told.count && Set(titles) == Set(told))
        for project in ["a", "b"] {
            #expect(titles.filter { $0.hasPrefix(project) } == told.filter { $0.hasPrefix(project) })
        }
        #expect(Set(sinks.taken(url).map(\.id)).count == told.count)
    }

    @Test("a message that its sink always fails at holds its own project's line, a day at most, and no other")
    func poison() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let sinks = Sinks(poison: "a1") { _, _ in .delivered("200") }
        let loop = Self.loop(store, sinks, time: clock)
        try await Self.tell(["a1", "a2", "b1", "b2", "c1"], in: store, at: clock.now())
        for minute in 0..<(25 * 60) {
            if minute == 30 { #expect(sinks.titles(url) == ["b1", "b2", "c1"]) }
            if minute == 600 { try await Self.tell(["b3"], in: store, at: clock.now()) }
            if minute == 660 { #expect(sinks.titles(url) == ["b1", "b2", "c1", "b3"]) }
            try await Self.drain(loop, store, at: clock.now())
            clock.advance(.seconds(60))
        }
        #expect(sinks.titles(url) == ["b1", "b2", "c1", "b3", "a2"])
        let dead = try await store.deliveries(of: "acme", DeliveryQuery(state: .dead))
        #expect(dead.map(\.alert.title) == ["a1"])
    }

    @Test("a sink that is gone gives its whole queue up after a day; what is late for another reason has its chances")
    func gone() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let back = Self.start + .seconds(60 * 3_600)
        let sinks = Sinks { _, _ in clock.now() < back ? .unavailable("gone", after: nil) : .delivered("200") }
        let loop = Self.loop(store, sinks, time: clock)
        try await Self.tell((0..<40).map { "\($0 % 2 == 0 ? "a" : "b")\($0)" }, in: store, at: clock.now())
        for _ in 0..<(40 * 4) {
            try await Self.drain(loop, store, at: clock.now())
            clock.advance(.seconds(900))
        }
        #expect(try await store.deliveries(of: "acme", DeliveryQuery(state: .dead)).count == 40)
        #expect(try await store.deliveries(of: "acme", DeliveryQuery(state: .waiting)).isEmpty)
        // No manager runs for more than a day, and the sink hiccups once when one does.
        let (other, now) = (InMemoryChannelStore(), Clock())
        #expect(try await Self.channel(1, other) == url)
        try await Self.tell(["a1", "a2"], in: other, at: now.now())
        now.advance(.seconds(90_000))
        let hiccup = Sinks { _, attempt in attempt == 1 ? .unavailable("503", after: nil) : .delivered("200") }
        let next = Self.loop(other, hiccup, time: now)
        for _ in 0..<3 {
            try await Self.drain(next, other, at: now.now())
            now.advance(.seconds(60))
        }
        #expect(hiccup.titles(url) == ["a1", "a2"])
    }

    @Test("a channel whose attempts are slow has one in a turn, another one up to twenty")
    func turns() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let (slow, fast) = (try await Self.channel(1, store), try await Self.channel(2, store))
        let sinks = Sinks { url, _ in
            if url == slow { clock.advance(.seconds(1)) }
            return .delivered("200")
        }
        let loop = Self.loop(store, sinks, time: clock)
        try await Self.tell((0..<30).map { "a\($0)" }, in: store, at: clock.now())
        for channel in try await store.channels(of: "acme") { await loop.serve(channel.id) }
        #expect(sinks.titles(slow).count == 1 && sinks.titles(fast).count == 20)
    }

    @Test("a message that is refused goes to the dead ones, and the next one of its project comes")
    func refused() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let sinks = Sinks { _, attempt in attempt <= 3 ? .refused("400") : .delivered("200") }
        let loop = Self.loop(store, sinks, time: clock)
        try await Self.tell(["a1", "a2"], in: store, at: clock.now())
        for _ in 0..<10 {
            try await Self.drain(loop, store, at: clock.now())
            clock.advance(.seconds(60))
        }
        #expect(sinks.titles(url) == ["a2"])
        let dead = try await store.deliveries(of: "acme", DeliveryQuery(state: .dead))
        #expect(dead.map(\.alert.title) == ["a1"] && dead.first?.answer == "400" && dead.first?.attempts == 3)
        let id = try #require(dead.first?.id)
        #expect(try await store.replay(id, of: "acme", at: clock.now()) != nil)
        try await Self.drain(loop, store, at: clock.now())
        #expect(sinks.titles(url) == ["a2", "a1"])
        #expect(sinks.taken(url).last?.id == dead.first?.messageID)
    }

    @Test("a manager that is killed at any step loses nothing; what comes twice has the same id", arguments: 0..<12)
    func killed(step: Int) async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let sinks = Sinks { _, _ in .delivered("200") }
        try await Self.tell(["a1", "a2", "a3", "b1"], in: store, at: clock.now())
        // Each delivery has three steps: claim, send, settle. The manager dies after so many of them.
        var left = step
        let id = try #require(try await store.dueChannels(at: clock.now(), besides: [], limit: 1, share: 1).first)
        while left > 0 {
            guard let claim = try await store.claim(id, at: clock.now()), let first = claim.deliveries.first else {
                break
            }
            left -= 1
            if left == 0 { break }
            let message = AlertMessage(
                id: first.messageID, installation: "http://manager", organizationSlug: "acme",
                alerts: claim.deliveries.map(\.alert), sentAt: clock.now())
            _ = await sinks.send(message, to: try ChannelSeal.plain.target(of: claim.channel))
            left -= 1
            if left == 0 { break }
            let settlement = DeliverySettlement(
                after: .delivered("200"), of: first, failures: 0, now: clock.now(), limits: DeliveryLimits())
            #expect(try await store.settle(claim, settlement, at: clock.now()))
            left -= 1
        }
        try await Self.drain(Self.loop(store, sinks, time: clock), store, at: clock.now())
        var seen: Set<String> = []
        let once = sinks.taken(url).filter { seen.insert($0.id).inserted }.flatMap(\.alerts).map(\.title)
        #expect(once.filter { $0.hasPrefix("a") } == ["a1", "a2", "a3"] && once.contains("b1") && once.count == 4)
        #expect(sinks.taken(url).count <= 5)
    }

    @Test("two managers at once: every message arrives in order, and what comes twice has the same id")
    func two() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let sinks = Sinks { _, _ in
            await Task.yield()
            return .delivered("200")
        }
        let titles = (0..<50).map { "a\($0)" }
        try await Self.tell(titles, in: store, at: clock.now())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                let loop = Self.loop(store, sinks, time: clock)
                group.addTask {
                    do { try await Self.drain(loop, store, at: clock.now()) } catch { Issue.record(error) }
                }
            }
        }
        var seen: Set<String> = []
        let once = sinks.taken(url).filter { seen.insert($0.id).inserted }.flatMap(\.alerts).map(\.title)
        #expect(once == titles)
        #expect(try await store.deliveries(of: "acme", DeliveryQuery(state: .waiting)).isEmpty)
    }

    @Test("a sink that never answers holds no other channel, and what stops ends its attempts")
    func slow() async throws {
        let store = InMemoryChannelStore()
        let slow = try await Self.channel(1, store)
        let fast = try await Self.channel(2, store)
        let sinks = Sinks { url, _ in
            guard url == slow else { return .delivered("200") }
            do { try await Task.sleep(for: .seconds(600)) } catch { return .unavailable("cancelled", after: nil) }
            return .delivered("200")
        }
        var limits = DeliveryLimits()
        (limits.dispatchInterval, limits.watchInterval) = (.milliseconds(2), .seconds(60))
        let loop = Self.loop(store, sinks, time: SystemTime(), limits: limits)
        let titles = (0..<30).map { "a\($0)" }
        try await Self.tell(titles, in: store, at: SystemTime().now())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await loop.runUntilCancelled() }
            let end = ContinuousClock.now + .seconds(20)
            while sinks.titles(fast).count < titles.count, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(5))
            }
            group.cancelAll()
        }
        #expect(sinks.titles(fast) == titles)
        #expect(sinks.titles(slow).isEmpty)
        // Its first message was begun, and waits for the next manager.
        let waiting = try await store.deliveries(of: "acme", DeliveryQuery(state: .waiting))
        #expect(waiting.count == titles.count && waiting.map(\.attempts).max() == 1)
    }

    @Test("what the rules see becomes messages, once, over restarts of the manager")
    func rules() async throws {
        let (store, clock) = (InMemoryChannelStore(), Clock())
        let url = try await Self.channel(1, store)
        let sinks = Sinks { _, _ in .delivered("200") }
        let loop = Self.loop(store, sinks, time: clock)
        let subject = AlertSubject(organizationSlug: "acme", ref: .sample(1), name: "shop")
        func watch(_ status: ProjectStatus, seconds: Int, from: Timestamp) async throws {
            var observation = AlertObservation()
            observation.projects = [WatchedProject(subject: subject, status: status)]
            store.show(observation)
            let evaluator = AlertEvaluator(installationSlug: "default", watchedFrom: from)
            for _ in 0..<(seconds / 10) {
                try await loop.evaluate(evaluator, all: false)
                try await Self.drain(loop, store, at: clock.now())
                clock.advance(.seconds(10))
            }
        }
        try await watch(.degraded, seconds: 600, from: clock.now())
        #expect(sinks.titles(url) == ["Project shop is unhealthy"])
        clock.advance(.seconds(3_600))
        try await watch(.degraded, seconds: 600, from: clock.now())
        #expect(sinks.titles(url).count == 1)
        try await watch(.active, seconds: 600, from: clock.now())
        #expect(sinks.titles(url) == ["Project shop is unhealthy", "Over: Project shop is unhealthy"])
        try await watch(.degraded, seconds: 600, from: clock.now())
        #expect(sinks.titles(url).count == 3)
    }

    @Test("the store in memory does what every store does")
    func contract() async throws {
        try await ChannelStoreContract(store: InMemoryChannelStore(), organization: "acme").run()
    }
}
