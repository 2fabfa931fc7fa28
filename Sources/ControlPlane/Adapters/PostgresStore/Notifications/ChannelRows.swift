import NotificationModel
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `notification_channels`.
enum ChannelRows {
    static let columns = """
        c.id, c.organization_slug, c.name, c.kind, c.is_enabled, c.refs is not null as has_refs,
        coalesce(c.refs, '{}') as refs, c.rules is not null as has_rules, coalesce(c.rules, '{}') as rules, c.priority,
        c.quiet_from, c.quiet_until, c.grouping_ms, c.sealed_target, c.target_shown, c.created_at, c.updated_at,
        c.failures, c.retry_at
        """

    static func all(of organization: String, in session: some PostgresSession) async throws -> [NotificationChannel] {
        try await session.query(
            """
            select \(columns) from notification_channels c where c.organization_slug = $1
            order by c.name collate "C", c.id
            """, [.text(organization)]
        ).map(channel)
    }

    static func select(
        _ id: String, of organization: String, in session: some PostgresSession
    ) async throws -> NotificationChannel? {
        try await session.first(
            "select \(columns) from notification_channels c where c.id = $1 and c.organization_slug = $2",
            [.text(id), .text(organization)]
        ).map(channel)
    }

    /// A channel whose row is locked until the end of the transaction.
    static func lock(_ id: String, in session: some PostgresSession) async throws -> NotificationChannel? {
        try await session.first(
            "select \(columns) from notification_channels c where c.id = $1 for no key update", [.text(id)]
        ).map(channel)
    }

    /// The lock keeps others from passing the limit at the same moment.
    static func insert(
        _ channel: NotificationChannel, limit: Int, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.execute(
            "select pg_advisory_xact_lock(hashtextextended($1, 28))",
            [.text("notification channels of \(channel.organizationSlug)")])
        return try await session.execute(
            """
            insert into notification_channels (id, organization_slug, kind, name, is_enabled, refs, rules, priority,
                quiet_from, quiet_until, grouping_ms, sealed_target, target_shown, updated_at, created_at)
            select $1, $2, $14, $3::text, $4::boolean, $5::text[], $6::text[], $7::text, $8::integer, $9::integer,
                $10::bigint, $11::bytea, $12::text, $13::timestamptz, $15::timestamptz
            where (select count(*) from notification_channels where organization_slug = $2) < $16
            """,
            decided(channel) + [
                .text(channel.kind.rawValue), .timestamp(channel.createdAt.postgres), .int(limit),
            ]) > 0
    }

    static func update(_ channel: NotificationChannel, in session: some PostgresSession) async throws -> Bool {
        try await session.execute(
            """
            update notification_channels set name = $3, is_enabled = $4, refs = $5, rules = $6, priority = $7,
                quiet_from = $8, quiet_until = $9, grouping_ms = $10, sealed_target = $11, target_shown = $12,
                updated_at = $13, failures = 0, retry_at = null
            where id = $1 and organization_slug = $2
            """, decided(channel)) > 0
    }

    static func delete(
        _ id: String, of organization: String, in session: some PostgresSession
    ) async throws -> NotificationChannel? {
        try await session.first(
            """
            delete from notification_channels c where c.id = $1 and c.organization_slug = $2 returning \(columns)
            """, [.text(id), .text(organization)]
        ).map(channel)
    }

    /// $1 to $13: what users decide.
    private static func decided(_ channel: NotificationChannel) -> [PostgresParameter] {
        let filter = channel.filter
        return [
            .text(channel.id), .text(channel.organizationSlug), .text(channel.name), .bool(channel.isEnabled),
            filter.refs.map { .textArray($0.map(\.text).sorted()) } ?? .null,
            filter.rules.map { .textArray($0.map(\.rawValue).sorted()) } ?? .null, .text(filter.priority.rawValue),
            .optional(channel.quietTime?.from), .optional(channel.quietTime?.until),
            .int(channel.grouping.wholeMilliseconds), .bytes(channel.sealedTarget), .text(channel.targetShown),
            .timestamp(channel.updatedAt.postgres),
        ]
    }

    @Sendable static func channel(_ row: PostgresRow) throws -> NotificationChannel {
        guard let kind = ChannelKind(rawValue: try row.string("kind")),
            let priority = NotificationPriority(rawValue: try row.string("priority"))
        else { throw StoreError.refused("a channel is of an unknown kind, or takes an unknown priority") }
        var filter = ChannelFilter(priority: priority)
        if try row.bool("has_refs") { filter.refs = Set(try row.textArray("refs").compactMap { ProjectRef($0) }) }
        // A rule that a later program knows is none that this one has.
        if try row.bool("has_rules") {
            filter.rules = Set(try row.textArray("rules").compactMap { AlertRule(rawValue: $0) })
        }
        var quiet: QuietTime?
        if let from = try row.optionalInt("quiet_from"), let until = try row.optionalInt("quiet_until") {
            quiet = QuietTime(from: from, until: until)
        }
        var channel = NotificationChannel(
            id: try row.string("id"), organizationSlug: try row.string("organization_slug"),
            name: try row.string("name"), kind: kind, isEnabled: try row.bool("is_enabled"), filter: filter,
            quietTime: quiet, grouping: .milliseconds(try row.int64("grouping_ms")),
            sealedTarget: try row.bytes("sealed_target"), targetShown: try row.string("target_shown"),
            createdAt: Timestamp(try row.timestamp("created_at")), updatedAt: Timestamp(try row.timestamp("updated_at"))
        )
        channel.failures = try row.int("failures")
        channel.retryAt = try row.optionalTimestamp("retry_at").map { Timestamp($0) }
        return channel
    }
}
