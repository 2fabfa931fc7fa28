public import NotificationModel
public import Orchestrator
public import ProjectModel
import Synchronization

/// Channels, alerts and deliveries in memory; ``ChannelStoreContract`` holds them to what PostgreSQL does.
public final class InMemoryChannelStore: ChannelStore, Revertible {
    private struct State {
        var channels: [NotificationChannel] = []
        var deliveries: [AlertDelivery] = []
        var keys: Set<String> = []
        var lastNumber: Int64 = 0
        /// When the latest attempt at a channel began.
        var servedAt: [String: Timestamp] = [:]
        /// Up to which number the sign-ins of a trail were judged.
        var judged: [String: Int64] = [:]
        /// What the rules see; the states are the store's own.
        var observation = AlertObservation()
    }

    private let state = Mutex(State())

    public init() {}

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0 }
        return { [self] in state.withLock { $0 = copy } }
    }

    /// Sets what the rules see from now on; its states do not count.
    public func show(_ observation: AlertObservation) {
        state.withLock { state in
            let states = state.observation.states
            state.observation = observation
            state.observation.states = states
        }
    }

    /// What was reported, in order.
    public var alertKeys: Set<String> { state.withLock { $0.keys } }

    private func transaction<Value: Sendable>(_ body: (inout State) -> Value) async -> Value {
        await Task.yield()
        return state.withLock { body(&$0) }
    }

    /// The channels of an organization.
    public func channels(of organization: String) async throws(StoreError) -> [NotificationChannel] {
        await transaction { state in
            state.channels.filter { $0.organizationSlug == organization }
                .sorted { $0.name == $1.name ? $0.id < $1.id : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        }
    }

    /// A channel.
    public func channel(
        _ id: String, of organization: String
    ) async throws(StoreError) -> NotificationChannel? {
        await transaction { $0.channels.first { $0.id == id && $0.organizationSlug == organization } }
    }

    /// Adds a channel.
    public func insert(_ channel: NotificationChannel, limit: Int) async throws(StoreError) -> Bool {
        await transaction { state in
            guard state.channels.count(where: { $0.organizationSlug == channel.organizationSlug }) < limit else {
                return false
            }
            state.channels.append(channel)
            return true
        }
    }

    /// Replaces what users decide about a channel.
    public func update(_ channel: NotificationChannel) async throws(StoreError) -> Bool {
        await transaction { state in
            guard let index = Self.index(channel.id, of: channel.organizationSlug, in: state) else { return false }
            var new = channel
            (new.failures, new.retryAt, new.createdAt) = (0, nil, state.channels[index].createdAt)
            state.channels[index] = new
            return true
        }
    }

    private static func index(_ id: String, of organization: String, in state: State) -> Int? {
        state.channels.firstIndex { $0.id == id && $0.organizationSlug == organization }
    }

    /// Removes a channel and its deliveries.
    public func deleteChannel(
        _ id: String, of organization: String
    ) async throws(StoreError) -> NotificationChannel? {
        await transaction { state in
            guard let index = Self.index(id, of: organization, in: state) else { return nil }
            state.deliveries.removeAll { $0.channel == id }
            return state.channels.remove(at: index)
        }
    }

    /// Deliveries, the latest first.
    public func deliveries(
        of organization: String, _ query: DeliveryQuery
    ) async throws(StoreError) -> [AlertDelivery] {
        await transaction { state in
            let own = Set(state.channels.filter { $0.organizationSlug == organization }.map(\.id))
            return Array(
                state.deliveries.reversed().filter { delivery in
                    own.contains(delivery.channel) && (query.channel ?? delivery.channel) == delivery.channel
                        && (query.state ?? delivery.state) == delivery.state
                        && delivery.id < query.before ?? .max
                        && (query.showsSignIns || delivery.alert.rule != .newSignIn)
                }.prefix(query.limit))
        }
    }

    /// Adds an alert and a delivery.
    public func enqueue(
        _ alert: Alert, on channel: NotificationChannel
    ) async throws(StoreError) -> AlertDelivery? {
        let (added, isThere) = await transaction { state -> (AlertDelivery?, Bool) in
            guard state.channels.contains(where: { $0.id == channel.id }),
                !state.deliveries.contains(where: {
                    $0.channel == channel.id && $0.queue == alert.queue && $0.state == .waiting
                })
            else { return (nil, false) }
            guard state.keys.insert(alert.key).inserted else { return (nil, true) }
            return (Self.add(alert, to: channel.id, due: alert.at, at: alert.at, in: &state), false)
        }
        if isThere { throw .refused("the alert is there already") }
        return added
    }

    private static func add(
        _ alert: Alert, to channel: String, due: Timestamp, at time: Timestamp, in state: inout State
    ) -> AlertDelivery {
        state.lastNumber += 1
        let digits = String(state.lastNumber)
        let isFull =
            state.deliveries.count { $0.channel == channel && $0.state == .waiting } >= DeliveryLimits.waitingMax
        var delivery = AlertDelivery(
            id: state.lastNumber,
            messageID: "00000000-0000-4000-9000-" + String(repeating: "0", count: 12 - digits.count) + digits,
            channel: channel, alert: alert, createdAt: time, dueAt: due, state: isFull ? .dead : .waiting)
        if isFull { delivery.answer = "too many messages wait at the channel" }
        state.deliveries.append(delivery)
        return delivery
    }

    /// Has a delivery, and those that went with it, wait again.
    public func replay(
        _ id: Int64, of organization: String, at time: Timestamp
    ) async throws(StoreError) -> AlertDelivery? {
        await transaction { state in
            guard let wanted = state.deliveries.first(where: { $0.id == id && $0.state != .waiting }),
                let channel = Self.index(wanted.channel, of: organization, in: state)
            else { return nil }
            for (index, one) in state.deliveries.enumerated()
            where one.channel == wanted.channel && one.state != .waiting
                && (one.batch ?? one.id) == (wanted.batch ?? wanted.id)
            {
                var again = one
                (again.state, again.attempts, again.firstAttemptAt, again.retryAt) = (.waiting, 0, nil, nil)
                (again.dueAt, again.batch) = (time, one.batch ?? one.id)
                (again.refusals, again.lastAttemptAt) = (0, nil)
                state.deliveries[index] = again
            }
            (state.channels[channel].failures, state.channels[channel].retryAt) = (0, nil)
            return state.deliveries.first { $0.id == id }
        }
    }

    /// What was shown, with the states.
    public func observe(
        since start: Timestamp, backups: Bool
    ) async throws(StoreError) -> AlertObservation {
        await transaction { state in
            var observation = state.observation
            if !backups { observation.backups = nil }
            observation.signIns.removeAll { $0.number <= state.judged[$0.scope] ?? 0 }
            if let key = Self.takeoverKey(state), state.keys.contains(key) { observation.takeover = nil }
            return observation
        }
    }

    /// Names the alert that tells how the present term began.
    private static func takeoverKey(_ state: State) -> String? {
        state.observation.takeover.map { "\(AlertRule.leaseTaken.rawValue)/\($0.term)" }
    }

    /// Stores states, alerts and deliveries.
    public func record(_ change: AlertChange, at time: Timestamp) async throws(StoreError) {
        await transaction { state in
            for gone in change.forgotten + change.states {
                state.observation.states.removeAll {
                    $0.rule == gone.rule && $0.subject.ref == gone.subject.ref
                        && (gone.subject.ref != nil || $0.subject.organizationSlug == gone.subject.organizationSlug)
                }
            }
            state.observation.states += change.states
            state.judged.merge(change.judgedSignIns) { max($0, $1) }
            for alert in change.alerts where state.keys.insert(alert.key).inserted {
                for channel in state.channels where channel.organizationSlug == alert.subject.organizationSlug {
                    guard let due = DeliverySchedule.due(of: alert, on: channel, at: time) else { continue }
                    _ = Self.add(alert, to: channel.id, due: due, at: time, in: &state)
                }
            }
        }
    }

    private static func lines(of channel: String, in state: State) -> [DeliverySchedule.Line] {
        let waiting = state.deliveries.filter { $0.channel == channel && $0.state == .waiting }
        return Dictionary(grouping: waiting, by: \.queue).compactMap { queue, line in
            guard let first = line.first, let due = line.map(\.dueAt).min() else { return nil }
            return DeliverySchedule.Line(
                queue: queue, first: first.id, earliestDue: due, retryAt: first.retryAt,
                lastAttemptAt: first.lastAttemptAt)
        }
    }

    private static func isServed(_ channel: NotificationChannel, at time: Timestamp) -> Bool {
        channel.isEnabled && channel.retryAt ?? time <= time
    }

    /// Channels with something due.
    public func dueChannels(
        at time: Timestamp, besides busy: Set<String>, limit: Int, share: Int
    ) async throws(StoreError) -> [String] {
        await transaction { state in
            let due = state.channels.compactMap { channel -> (channel: NotificationChannel, place: (Int64, Int64))? in
                guard !busy.contains(channel.id), Self.isServed(channel, at: time) else { return nil }
                let lines = Self.lines(of: channel.id, in: state)
                    .filter { $0.earliestDue <= time && $0.retryAt ?? time <= time }
                guard let first = lines.map(\.first).min() else { return nil }
                return (channel, (state.servedAt[channel.id]?.milliseconds ?? .min, first))
            }
            var taken: [String: Int] = [:]
            for channel in state.channels where busy.contains(channel.id) {
                taken[channel.organizationSlug, default: 0] += 1
            }
            let served = due.sorted { $0.place < $1.place }.filter { one in
                taken[one.channel.organizationSlug, default: 0] += 1
                return taken[one.channel.organizationSlug, default: 0] <= share
            }
            return served.prefix(limit).map(\.channel.id)
        }
    }

    /// Begins an attempt.
    public func claim(_ channel: String, at time: Timestamp) async throws(StoreError) -> DeliveryClaim? {
        await transaction { state in
            guard let owner = state.channels.first(where: { $0.id == channel }), Self.isServed(owner, at: time),
                let queue = DeliverySchedule.next(in: Self.lines(of: channel, in: state), at: time)
            else { return nil }
            let waiting = state.deliveries.filter {
                $0.channel == channel && $0.state == .waiting && $0.queue == queue
            }
            var batch = DeliverySchedule.batch(of: waiting)
            guard let first = batch.first?.id else { return nil }
            for index in batch.indices {
                batch[index].begin(in: first, at: time)
                if let place = state.deliveries.firstIndex(where: { $0.id == batch[index].id }) {
                    state.deliveries[place] = batch[index]
                }
            }
            state.servedAt[channel] = time
            return DeliveryClaim(channel: owner, deliveries: batch)
        }
    }

    /// Writes the end of an attempt.
    public func settle(
        _ claim: DeliveryClaim, _ settlement: DeliverySettlement, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        await transaction { state in
            guard let first = claim.deliveries.first,
                let owner = state.channels.firstIndex(where: { $0.id == claim.channel.id })
            else { return false }
            var isFound = false
            for (index, one) in state.deliveries.enumerated()
            where one.channel == claim.channel.id && one.batch == first.id && one.attempts == first.attempts
                && one.state == .waiting
            {
                isFound = true
                state.deliveries[index].state = settlement.state
                state.deliveries[index].answer = settlement.answer
                state.deliveries[index].retryAt = settlement.retryAt
                state.deliveries[index].refusals = settlement.refusals
                state.deliveries[index].deliveredAt = settlement.state == .delivered ? time : nil
            }
            if isFound, state.channels[owner].updatedAt == claim.channel.updatedAt {
                state.channels[owner].failures = settlement.channelFailures
                state.channels[owner].retryAt = settlement.channelRetryAt
            }
            return isFound
        }
    }

    /// Removes old alerts of which nothing waits.
    public func removeAlerts(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        await transaction { state in
            let waiting = Set(state.deliveries.filter { $0.state == .waiting }.map(\.alert.key))
            let old = Set(state.deliveries.filter { $0.createdAt < time }.map(\.alert.key)).subtracting(waiting)
            let kept = Self.takeoverKey(state)
            let gone = Set(old.filter { $0 != kept }.sorted().prefix(limit))
            state.deliveries.removeAll { gone.contains($0.alert.key) }
            state.keys.subtract(gone)
            return gone.count
        }
    }
}

/// A seal without cryptography: it marks the bytes with the channel, and turns them over.
extension ChannelSeal {
    public static let plain = ChannelSeal(
        seal: { bytes, channel throws(KeyError) in Array(channel.utf8) + bytes.map { ~$0 } },
        open: { bytes, channel throws(KeyError) in
            guard bytes.starts(with: channel.utf8) else { throw .cannotMint("sealed for another channel") }
            return bytes.dropFirst(channel.utf8.count).map { ~$0 }
        })
}
