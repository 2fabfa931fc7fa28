public import Logging
public import Orchestrator
import ProjectModel
import Synchronization

/// Watches what alerts are about, and sends what is due, as long as this manager has the lease. Everything is a row: the
/// next manager continues where this one stopped, and what it had begun to send is sent again under the same id.
public struct AlertLoop: Sendable {
    /// What it needs of the installation.
    public struct Ground: Sendable {
        public var store: any ChannelStore
        public var sender: any AlertSender
        public var seal: ChannelSeal
        /// Address of this manager, and the organization that hears about the installation.
        public var address: String
        public var installationSlug: String
        /// Figures of the host; nil where there are none.
        public var host: @Sendable () -> ObservedHost?

        public init(
            store: any ChannelStore, sender: any AlertSender, seal: ChannelSeal, address: String,
            installationSlug: String, host: @escaping @Sendable () -> ObservedHost?
        ) {
            self.store = store
            self.sender = sender
            self.seal = seal
            self.address = address
            self.installationSlug = installationSlug
            self.host = host
        }
    }

    /// How long sign-ins are looked at after they happened.
    static let signInsKept: Duration = .seconds(86_400)

    let ground: Ground
    let limits: DeliveryLimits
    let time: any TimeSource
    let logger: Logger

    public init(
        _ ground: Ground, limits: DeliveryLimits = DeliveryLimits(), time: any TimeSource = SystemTime(),
        logger: Logger
    ) {
        self.ground = ground
        self.limits = limits
        self.time = time
        self.logger = logger
    }

    /// Works until it is cancelled; returns when every attempt has ended.
    public func runUntilCancelled() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await watch() }
            group.addTask { await removeRegularly() }
            group.addTask { await dispatch() }
        }
    }

    // MARK: - Watching

    private func watch() async {
        let evaluator = AlertEvaluator(installationSlug: ground.installationSlug, watchedFrom: time.now())
        var slowAt: Duration?
        var trouble = Trouble(of: "alerts cannot be evaluated", logger)
        while !Task.isCancelled {
            let uptime = time.uptime()
            let isSlow = slowAt.map { uptime - $0 >= limits.slowWatchInterval } ?? true
            if isSlow { slowAt = uptime }
            do throws(StoreError) {
                try await evaluate(evaluator, all: isSlow)
                trouble.end()
            } catch { trouble.note(error) }
            do { try await time.sleep(for: limits.watchInterval) } catch { return }
        }
    }

    /// One evaluation of the rules; `all` of them, or those that are about the status of projects.
    func evaluate(_ evaluator: AlertEvaluator, all: Bool) async throws(StoreError) {
        let now = time.now()
        let since = now + .milliseconds(-Self.signInsKept.wholeMilliseconds)
        let observation = try await ground.store.observe(since: since, backups: all)
        let change = evaluator.change(on: observation, host: all ? ground.host() : nil, now: now)
        if !change.isEmpty { try await ground.store.record(change, at: now) }
    }

    private func removeRegularly() async {
        while !Task.isCancelled {
            do { try await time.sleep(for: limits.removalInterval) } catch { return }
            do throws(StoreError) {
                let old = time.now() + .milliseconds(-DeliveryLimits.kept.wholeMilliseconds)
                while !Task.isCancelled {
                    let count = try await ground.store.removeAlerts(before: old, limit: DeliveryLimits.removedMax)
                    if count < DeliveryLimits.removedMax { break }
                }
            } catch { logger.warning("old alerts cannot be removed", metadata: ["error": "\(error)"]) }
        }
    }

    // MARK: - Sending

    /// A lane for each channel: one that is slow holds its own messages alone, and an organization has its share of lanes.
    private func dispatch() async {
        let busy = BusyChannels()
        var trouble = Trouble(of: "messages that are due cannot be read", logger)
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let taken = busy.all
                do throws(StoreError) {
                    let due =
                        taken.count < limits.lanesMax
                        ? try await ground.store.dueChannels(
                            at: time.now(), besides: taken, limit: limits.lanesMax - taken.count,
                            share: limits.lanesOfOrganizationMax) : []
                    trouble.end()
                    for channel in due where busy.take(channel) {
                        group.addTask {
                            await serve(channel)
                            busy.release(channel)
                        }
                    }
                } catch { trouble.note(error) }
                do { try await time.sleep(for: limits.dispatchInterval) } catch { break }
            }
            group.cancelAll()
        }
    }

    /// Gives a channel its turn.
    func serve(_ channel: String) async {
        for _ in 0..<limits.turnMax where !Task.isCancelled {
            let begun = time.uptime()
            do throws(StoreError) {
                guard try await deliverNext(on: channel) else { return }
            } catch {
                // A manager without the lease, or a database that is away: the rows say where to continue.
                logger.info("a channel is not served", metadata: ["channel": "\(channel)", "error": "\(error)"])
                return
            }
            if time.uptime() - begun >= limits.slowAttempt { return }
        }
    }

    /// Makes the next attempt at a channel. False when nothing is due.
    func deliverNext(on channel: String) async throws(StoreError) -> Bool {
        let begun = time.now()
        guard let claim = try await ground.store.claim(channel, at: begun), let first = claim.deliveries.first else {
            return false
        }
        let outcome = await attempt(claim, first: first, at: begun)
        // A cancelled attempt says nothing about the sink. The next manager makes it again.
        if Task.isCancelled, outcome.isFailure { return false }
        let now = time.now()
        let settlement = DeliverySettlement(
            after: outcome, of: first, failures: claim.channel.failures, now: now, limits: limits)
        if settlement.state == .dead {
            logger.warning(
                "a message was given up: see the log of deliveries, which also sends it again",
                metadata: ["channel": "\(channel)", "message": "\(first.messageID)", "answer": "\(settlement.answer)"])
        }
        _ = try await ground.store.settle(claim, settlement, at: now)
        return true
    }

    private func attempt(_ claim: DeliveryClaim, first: AlertDelivery, at time: Timestamp) async -> SendOutcome {
        let target: ChannelTarget
        do throws(ChannelRefusal) { target = try ground.seal.target(of: claim.channel) } catch {
            return .refused("\(error)")
        }
        let message = AlertMessage(
            id: first.messageID, installation: ground.address, organizationSlug: claim.channel.organizationSlug,
            alerts: claim.deliveries.map(\.alert), sentAt: time)
        return await ground.sender.send(message, to: target)
    }
}

extension SendOutcome {
    var isFailure: Bool {
        if case .delivered = self { false } else { true }
    }
}

/// Channels with a lane.
private final class BusyChannels: Sendable {
    private let channels = Mutex<Set<String>>([])

    var all: Set<String> { channels.withLock { $0 } }
    func take(_ channel: String) -> Bool { channels.withLock { $0.insert(channel).inserted } }
    func release(_ channel: String) { channels.withLock { _ = $0.remove(channel) } }
}

/// Says once that something does not work, until it does again.
private struct Trouble {
    private let what: String
    private let logger: Logger
    private var isThere = false

    init(of what: String, _ logger: Logger) {
        self.what = what
        self.logger = logger
    }

    mutating func note(_ error: StoreError) {
        if !isThere, !Task.isCancelled { logger.warning("\(what)", metadata: ["error": "\(error)"]) }
        isThere = true
    }

    mutating func end() { isThere = false }
}
