public import NotificationModel
public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Channels, alerts and deliveries in PostgreSQL.
public struct PostgresChannelStore: ChannelStore {
    private let pool: PostgresPool
    private let lease: ManagerLease?

    /// A store on a pool whose database has been migrated.
    ///
    /// - Parameter lease: The lease of what the manager writes, as in ``PostgresProjectStore``; nil for requests of users.
    public init(pool: PostgresPool, under lease: ManagerLease? = nil) {
        self.pool = pool
        self.lease = lease
    }

    /// Selects channels.
    public func channels(of organization: String) async throws(StoreError) -> [NotificationChannel] {
        try await transaction { try await ChannelRows.all(of: organization, in: $0) }
    }

    /// Selects a channel.
    public func channel(
        _ id: String, of organization: String
    ) async throws(StoreError) -> NotificationChannel? {
        try await transaction { try await ChannelRows.select(id, of: organization, in: $0) }
    }

    /// Inserts a channel.
    public func insert(_ channel: NotificationChannel, limit: Int) async throws(StoreError) -> Bool {
        try await transaction { try await ChannelRows.insert(channel, limit: limit, in: $0) }
    }

    /// Updates a channel.
    public func update(_ channel: NotificationChannel) async throws(StoreError) -> Bool {
        try await transaction { try await ChannelRows.update(channel, in: $0) }
    }

    /// Deletes a channel; its deliveries go with it.
    public func deleteChannel(
        _ id: String, of organization: String
    ) async throws(StoreError) -> NotificationChannel? {
        try await transaction { try await ChannelRows.delete(id, of: organization, in: $0) }
    }

    /// Selects deliveries.
    public func deliveries(
        of organization: String, _ query: DeliveryQuery
    ) async throws(StoreError) -> [AlertDelivery] {
        try await transaction { try await DeliveryRows.list(of: organization, query, in: $0) }
    }

    /// Inserts an alert and a delivery, under the lock of the channel's row: of two at once one is there first.
    public func enqueue(
        _ alert: Alert, on channel: NotificationChannel
    ) async throws(StoreError) -> AlertDelivery? {
        try await transaction { session in
            guard try await ChannelRows.lock(channel.id, in: session) != nil,
                try await !DeliveryRows.waits(in: alert.queue, at: channel.id, in: session)
            else { return nil }
            guard let number = try await AlertRows.insert(alert, at: alert.at, in: session),
                let id = try await DeliveryRows.insert(
                    alert, number: number, on: channel.id, due: alert.at, at: alert.at, in: session),
                let delivery = try await DeliveryRows.select(id, in: session)
            else { throw StoreError.refused("the alert is there already") }
            return delivery
        }
    }

    /// Updates a delivery and those that went with it.
    public func replay(
        _ id: Int64, of organization: String, at time: Timestamp
    ) async throws(StoreError) -> AlertDelivery? {
        try await transaction { try await DeliveryRows.replay(id, of: organization, at: time, in: $0) }
    }

    /// Selects what the rules look at.
    public func observe(
        since start: Timestamp, backups: Bool
    ) async throws(StoreError) -> AlertObservation {
        try await transaction { try await AlertRows.observe(since: start, backups: backups, in: $0) }
    }

    /// Writes states, alerts and deliveries.
    public func record(_ change: AlertChange, at time: Timestamp) async throws(StoreError) {
        try await write { try await AlertRows.record(change, at: time, in: $0) }
    }

    /// Selects channels with something due.
    public func dueChannels(
        at time: Timestamp, besides busy: Set<String>, limit: Int, share: Int
    ) async throws(StoreError) -> [String] {
        try await transaction {
            try await DeliveryRows.dueChannels(at: time, besides: busy, limit: limit, share: share, in: $0)
        }
    }

    /// Begins an attempt, under the lock of the channel's row.
    public func claim(_ channel: String, at time: Timestamp) async throws(StoreError) -> DeliveryClaim? {
        try await write { try await DeliveryRows.claim(channel, at: time, in: $0) }
    }

    /// Writes the end of an attempt.
    public func settle(
        _ claim: DeliveryClaim, _ settlement: DeliverySettlement, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await write { try await DeliveryRows.settle(claim, settlement, at: time, in: $0) }
    }

    /// Deletes old alerts.
    public func removeAlerts(before time: Timestamp, limit: Int) async throws(StoreError) -> Int {
        try await write { try await AlertRows.remove(before: time, limit: limit, in: $0) }
    }

    private func write<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        try await transaction { [lease] transaction in
            if let lease { try await ManagerLeaseRow.hold(lease.token, in: transaction) }
            return try await body(transaction)
        }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}
