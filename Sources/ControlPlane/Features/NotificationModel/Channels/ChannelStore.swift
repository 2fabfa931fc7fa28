public import Orchestrator
public import ProjectModel

/// Channels, the states of alerts, and deliveries. Every method is one transaction.
public protocol ChannelStore: Sendable {
    // MARK: For requests

    /// The channels of an organization, by name.
    func channels(of organization: String) async throws(StoreError) -> [NotificationChannel]
    func channel(_ id: String, of organization: String) async throws(StoreError) -> NotificationChannel?
    /// Stores a channel; false, and nothing is stored, where the organization has `limit`.
    func insert(_ channel: NotificationChannel, limit: Int) async throws(StoreError) -> Bool
    /// Stores what users decide about a channel, and has its sink tried again at once. False when there is none.
    func update(_ channel: NotificationChannel) async throws(StoreError) -> Bool
    /// Removes a channel with its deliveries; gives it.
    func deleteChannel(_ id: String, of organization: String) async throws(StoreError) -> NotificationChannel?
    /// Deliveries of an organization, the latest first.
    func deliveries(
        of organization: String, _ query: DeliveryQuery
    ) async throws(StoreError) -> [AlertDelivery]
    /// Stores an alert, and its delivery to one channel, due at once. Nil, and nothing is stored, where one of its line
    /// waits there, or the channel is gone.
    func enqueue(_ alert: Alert, on channel: NotificationChannel) async throws(StoreError) -> AlertDelivery?
    /// Has a delivery that is dead or delivered made again, with its message id and as a message of its own. Nil when
    /// there is none, or it waits.
    func replay(
        _ id: Int64, of organization: String, at time: Timestamp
    ) async throws(StoreError) -> AlertDelivery?

    // MARK: For the manager that has the lease

    /// What the rules look at.
    ///
    /// - Parameters:
    ///   - start: Sign-ins before it are old. Those that a change noted as judged are not seen again.
    ///   - backups: Whether backups are looked at.
    func observe(since start: Timestamp, backups: Bool) async throws(StoreError) -> AlertObservation
    /// Stores what an evaluation changes, and the deliveries of its alerts to channels. An alert that is stored already
    /// is not told again.
    func record(_ change: AlertChange, at time: Timestamp) async throws(StoreError)
    /// Channels with something due, besides some: those first that were never served, then those whose last attempt is
    /// the longest ago.
    ///
    /// - Parameter share: Channels of one organization at most, those of `busy` included.
    func dueChannels(
        at time: Timestamp, besides busy: Set<String>, limit: Int, share: Int
    ) async throws(StoreError) -> [String]
    /// Begins the next attempt at a channel: counts it before it is made. Nil when nothing is due.
    func claim(_ channel: String, at time: Timestamp) async throws(StoreError) -> DeliveryClaim?
    /// Writes the end of an attempt. False when another one has begun since, or the channel is gone.
    func settle(
        _ claim: DeliveryClaim, _ settlement: DeliverySettlement, at time: Timestamp
    ) async throws(StoreError) -> Bool
    /// Removes up to `limit` alerts of before a time of which nothing waits, with their deliveries; gives their number.
    /// How the present term began is not removed: it would be told again.
    func removeAlerts(before time: Timestamp, limit: Int) async throws(StoreError) -> Int
}

/// Which deliveries are wanted.
public struct DeliveryQuery: Sendable, Equatable {
    public var channel: String?
    public var state: DeliveryState?
    /// Only with a smaller number: the next page.
    public var before: Int64?
    public var limit: Int
    /// Whether those about sign-ins are among them.
    public var showsSignIns: Bool

    public init(
        channel: String? = nil, state: DeliveryState? = nil, before: Int64? = nil,
        limit: Int = DeliveryLimits.listedMax, showsSignIns: Bool = true
    ) {
        self.showsSignIns = showsSignIns
        self.channel = channel
        self.state = state
        self.before = before
        self.limit = limit
    }
}

/// An attempt that has begun.
public struct DeliveryClaim: Sendable, Equatable {
    public var channel: NotificationChannel
    /// The parts of one message, the first first.
    public var deliveries: [AlertDelivery]

    public init(channel: NotificationChannel, deliveries: [AlertDelivery]) {
        self.channel = channel
        self.deliveries = deliveries
    }
}
