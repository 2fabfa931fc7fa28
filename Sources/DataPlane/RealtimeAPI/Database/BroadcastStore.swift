import DataPlaneCore
import PostgresKit

/// Stored broadcasts: those that were just stored, and those that a client wants again.
struct BroadcastStore: Sendable {
    /// Broadcasts that are read at once after a gap.
    static let gapMax = 1_000

    /// A stored broadcast, where it belongs, and when it came.
    struct Entry: Sendable {
        var key: TopicKey
        var broadcast: StoredBroadcast
        /// As PostgreSQL writes it.
        var time: String
    }

    private static let columns = """
        id::text, topic, coalesce(event, '') AS event, coalesce(private, false) AS private, payload::text AS payload,
        binary_payload, inserted_at::text AS time
        """

    let pool: PostgresPool

    /// The broadcast that a notification names; nil where there is none.
    func entry(named notification: String) async throws(PostgresError) -> Entry? {
        let parts = notification.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        let rows = try await pool.query(
            """
            SELECT \(Self.columns) FROM realtime.messages
            WHERE id = $1::text::uuid AND inserted_at = $2::text::timestamp AND extension = 'broadcast'
            """, [.text(parts[0]), .text(parts[1])])
        guard let row = rows.first else { return nil }
        return try Self.entry(row)
    }

    /// Broadcasts that came after a time, oldest first.
    func entries(after time: String) async throws -> [Entry] {
        try await pool.query(
            """
            SELECT \(Self.columns) FROM realtime.messages
            WHERE inserted_at > $1::text::timestamp AND extension = 'broadcast'
            ORDER BY inserted_at LIMIT \(Self.gapMax)
            """, [.text(time)]
        ).map(Self.entry)
    }

    /// The database's time, as ``Entry/time`` has it.
    func now() async throws -> String {
        try await pool.single("SELECT now()::timestamp::text AS time").string("time")
    }

    /// The latest private broadcasts of a topic since a time, oldest first.
    func entries(of topic: String, _ replay: JoinRequest.Replay) async throws -> [Entry] {
        try await pool.query(
            """
            SELECT \(Self.columns) FROM realtime.messages
            WHERE topic = $1 AND private AND extension = 'broadcast'
              AND inserted_at >= to_timestamp($2::float8 / 1000) AT TIME ZONE 'UTC'
              AND inserted_at >= now()::timestamp - interval '\(RealtimeSchema.keptDays) days'
            ORDER BY inserted_at DESC LIMIT $3
            """, [.text(topic), .int(replay.since), .int(replay.limit)]
        ).reversed().map(Self.entry)
    }

    private static func entry(_ row: PostgresRow) throws(PostgresError) -> Entry {
        let bytes = try row.optionalBytes("binary_payload")
        let text = try row.optionalString("payload") ?? "null"
        return Entry(
            key: TopicKey(name: try row.string("topic"), isPrivate: try row.bool("private")),
            broadcast: StoredBroadcast(
                id: try row.string("id"), event: try row.string("event"), encoding: bytes == nil ? .json : .raw,
                payload: bytes ?? Array(text.utf8)),
            time: try row.string("time"))
    }
}
