import NotificationModel
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `alert_deliveries`.
enum DeliveryRows {
    private static let columns = """
        d.id, d.message_id, d.channel, d.state, d.created_at, d.due_at, d.retry_at, d.attempts, d.refusals,
        d.first_attempt_at, d.last_attempt_at, d.batch, d.answer, d.delivered_at, a.key, a.rule, a.phase,
        a.organization_slug, a.ref, a.name, a.title, a.content, a.at
        """
    private static let joined = "alert_deliveries d join alerts a on a.id = d.alert"

    /// Whether one of a line waits at a channel.
    static func waits(in queue: String, at channel: String, in session: some PostgresSession) async throws -> Bool {
        try await session.first(
            "select 1 as one from alert_deliveries where channel = $1 and queue = $2 and state = 'waiting' limit 1",
            [.text(channel), .text(queue)]) != nil
    }

    /// Of more than ``DeliveryLimits/waitingMax`` that wait, a new one is given up at once.
    static func insert(
        _ alert: Alert, number: Int64, on channel: String, due: Timestamp, at time: Timestamp,
        in session: some PostgresSession
    ) async throws -> Int64? {
        try await session.first(
            """
            insert into alert_deliveries (channel, alert, queue, state, created_at, due_at, answer)
            select $1, $2, $3, case when f.is_full then 'dead' else 'waiting' end, $4, $5,
                case when f.is_full then 'too many messages wait at the channel' end
            from (select count(*) >= $6 as is_full from (
                select from alert_deliveries where channel = $1 and state = 'waiting' limit $6) w) f
            on conflict (channel, alert) do nothing returning id
            """,
            [
                .text(channel), .int(number), .text(alert.queue), .timestamp(time.postgres), .timestamp(due.postgres),
                .int(DeliveryLimits.waitingMax),
            ]
        ).map { try $0.int64("id") }
    }

    static func select(_ id: Int64, in session: some PostgresSession) async throws -> AlertDelivery? {
        try await session.first("select \(columns) from \(joined) where d.id = $1", [.int(id)]).map(delivery)
    }

    static func list(
        of organization: String, _ query: DeliveryQuery, in session: some PostgresSession
    ) async throws -> [AlertDelivery] {
        try await session.query(
            """
            select \(columns) from \(joined) join notification_channels c on c.id = d.channel
            where c.organization_slug = $1 and ($2::text is null or d.channel = $2)
                and ($3::text is null or d.state = $3) and ($4::bigint is null or d.id < $4)
                and ($6::boolean or a.rule <> $7)
            order by d.id desc limit $5
            """,
            [
                .text(organization), .optional(query.channel), .optional(query.state?.rawValue),
                .optional(query.before), .int(query.limit), .bool(query.showsSignIns),
                .text(AlertRule.newSignIn.rawValue),
            ]
        ).map(delivery)
    }

    /// The whole message that a delivery went in is made again, as it was.
    static func replay(
        _ id: Int64, of organization: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> AlertDelivery? {
        let count = try await session.execute(
            """
            update alert_deliveries d set state = 'waiting', attempts = 0, refusals = 0, first_attempt_at = null,
                last_attempt_at = null, retry_at = null, due_at = $3, batch = coalesce(d.batch, d.id)
            from alert_deliveries o join notification_channels c on c.id = o.channel
            where o.id = $1 and c.organization_slug = $2 and o.state <> 'waiting' and d.channel = o.channel
                and d.state <> 'waiting' and coalesce(d.batch, d.id) = coalesce(o.batch, o.id)
            """, [.int(id), .text(organization), .timestamp(time.postgres)])
        guard count > 0 else { return nil }
        try await session.execute(
            """
            update notification_channels c set failures = 0, retry_at = null
            from alert_deliveries d where d.id = $1 and c.id = d.channel
            """, [.int(id)])
        return try await select(id, in: session)
    }

    // MARK: Sending

    static func dueChannels(
        at time: Timestamp, besides busy: Set<String>, limit: Int, share: Int, in session: some PostgresSession
    ) async throws -> [String] {
        try await session.query(
            """
            with lines as (
                select c.id, c.organization_slug, c.served_at, min(d.id) as first, min(d.due_at) as due,
                    (array_agg(d.retry_at order by d.id))[1] as retry
                from notification_channels c join alert_deliveries d on d.channel = c.id and d.state = 'waiting'
                where c.is_enabled and (c.retry_at is null or c.retry_at <= $1) and c.id <> all($2)
                group by c.id, d.queue),
            due as (
                select id, organization_slug, served_at, min(first) as first from lines
                where due <= $1 and (retry is null or retry <= $1) group by id, organization_slug, served_at),
            placed as (
                select d.*, row_number() over (
                        partition by organization_slug order by served_at nulls first, first) + (
                    select count(*) from notification_channels b
                    where b.organization_slug = d.organization_slug and b.id = any($2)) as place from due d)
            select id from placed where place <= $4 order by served_at nulls first, first limit $3
            """, [.timestamp(time.postgres), .textArray(busy.sorted()), .int(limit), .int(share)]
        ).map { try $0.string("id") }
    }

    static func claim(
        _ id: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> DeliveryClaim? {
        guard let channel = try await ChannelRows.lock(id, in: session), channel.isEnabled,
            (channel.retryAt ?? time) <= time
        else { return nil }
        let lines = try await session.query(
            """
            select d.queue, min(d.id) as first, min(d.due_at) as due,
                (array_agg(d.retry_at order by d.id))[1] as retry,
                (array_agg(d.last_attempt_at order by d.id))[1] as tried
            from alert_deliveries d where d.channel = $1 and d.state = 'waiting' group by d.queue
            """, [.text(id)]
        ).map { row in
            DeliverySchedule.Line(
                queue: try row.string("queue"), first: try row.int64("first"),
                earliestDue: Timestamp(try row.timestamp("due")),
                retryAt: try row.optionalTimestamp("retry").map { Timestamp($0) },
                lastAttemptAt: try row.optionalTimestamp("tried").map { Timestamp($0) })
        }
        guard let queue = DeliverySchedule.next(in: lines, at: time) else { return nil }
        let waiting = try await session.query(
            """
            select \(columns) from \(joined)
            where d.channel = $1 and d.queue = $2 and d.state = 'waiting' order by d.id limit $3
            """, [.text(id), .text(queue), .int(DeliveryLimits.batchMax)]
        ).map(delivery)
        var batch = DeliverySchedule.batch(of: waiting)
        guard let first = batch.first, let last = batch.last else { return nil }
        try await session.execute(
            """
            update alert_deliveries set batch = $4, attempts = attempts + 1, last_attempt_at = $5,
                first_attempt_at = coalesce(first_attempt_at, $5)
            where channel = $1 and queue = $2 and state = 'waiting' and id between $4 and $3
            """, [.text(id), .text(queue), .int(last.id), .int(first.id), .timestamp(time.postgres)])
        try await session.execute(
            "update notification_channels set served_at = $2 where id = $1", [.text(id), .timestamp(time.postgres)])
        for index in batch.indices { batch[index].begin(in: first.id, at: time) }
        return DeliveryClaim(channel: channel, deliveries: batch)
    }

    static func settle(
        _ claim: DeliveryClaim, _ settlement: DeliverySettlement, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        guard let first = claim.deliveries.first,
            try await ChannelRows.lock(claim.channel.id, in: session) != nil
        else { return false }
        let isDelivered = settlement.state == .delivered
        let count = try await session.execute(
            """
            update alert_deliveries set state = $4, answer = $5, retry_at = $6, delivered_at = $7, refusals = $8
            where channel = $1 and batch = $2 and attempts = $3 and state = 'waiting'
            """,
            [
                .text(claim.channel.id), .int(first.id), .int(first.attempts), .text(settlement.state.rawValue),
                .text(settlement.answer), .optional(settlement.retryAt?.postgres),
                .optional(isDelivered ? time.postgres : nil), .int(settlement.refusals),
            ])
        guard count > 0 else { return false }
        // What a user changed meanwhile has the sink tried again at once.
        try await session.execute(
            """
            update notification_channels set failures = $2, retry_at = $3 where id = $1 and updated_at = $4
            """,
            [
                .text(claim.channel.id), .int(settlement.channelFailures),
                .optional(settlement.channelRetryAt?.postgres), .timestamp(claim.channel.updatedAt.postgres),
            ])
        return true
    }

    @Sendable private static func delivery(_ row: PostgresRow) throws -> AlertDelivery {
        guard let rule = AlertRule(rawValue: try row.string("rule")),
            let phase = AlertPhase(rawValue: try row.string("phase")),
            let state = DeliveryState(rawValue: try row.string("state"))
        else { throw StoreError.refused("a delivery is of an unknown rule, phase or state") }
        let alert = Alert(
            key: try row.string("key"), rule: rule, phase: phase, subject: try AlertRows.subject(row),
            title: try row.string("title"), text: try row.string("content"), at: Timestamp(try row.timestamp("at")))
        var delivery = AlertDelivery(
            id: try row.int64("id"), messageID: try row.string("message_id"), channel: try row.string("channel"),
            alert: alert, createdAt: Timestamp(try row.timestamp("created_at")),
            dueAt: Timestamp(try row.timestamp("due_at")), state: state)
        delivery.retryAt = try row.optionalTimestamp("retry_at").map { Timestamp($0) }
        delivery.attempts = try row.int("attempts")
        delivery.refusals = try row.int("refusals")
        delivery.firstAttemptAt = try row.optionalTimestamp("first_attempt_at").map { Timestamp($0) }
        delivery.lastAttemptAt = try row.optionalTimestamp("last_attempt_at").map { Timestamp($0) }
        delivery.batch = try row.optionalInt64("batch")
        delivery.answer = try row.optionalString("answer")
        delivery.deliveredAt = try row.optionalTimestamp("delivered_at").map { Timestamp($0) }
        return delivery
    }
}
