/// Physical replication of a cluster: copies of its files, and its log as bytes.
///
/// The connection is one to a database, which physical replication allows too: it admits statements beside the
/// commands of replication, and `pg_hba.conf` is asked about the database instead of the keyword `replication`.
public final class PostgresPhysicalReplication: Sendable {
    /// Limits of a replication.
    public struct Limits: Sendable {
        /// Time for one command; that of `BASE_BACKUP` includes the checkpoint before the copy.
        public var commandDeadline: Duration = .seconds(300)
        /// Bytes of the messages that one call returns; one message alone may be larger.
        public var batchBytesMax = 256 << 10
        /// Time for a status to be sent.
        public var statusDeadline: Duration = .seconds(10)

        /// The defaults.
        public init() {}
    }

    private let connection: PostgresConnection
    private let limits: Limits

    private init(connection: PostgresConnection, limits: Limits) {
        self.connection = connection
        self.limits = limits
    }

    /// Connects as a role that may replicate.
    public static func connect(
        _ parameters: PostgresConnectionParameters, limits: Limits = Limits()
    ) async throws(PostgresError) -> PostgresPhysicalReplication {
        var parameters = parameters
        parameters.options["replication"] = "database"
        return PostgresPhysicalReplication(
            connection: try await PostgresConnection.connect(parameters), limits: limits)
    }

    /// Ends the connection and what it streams.
    public func close() async { await connection.close() }

    /// The cluster, and how far it is.
    public func identify() async throws(PostgresError) -> ClusterIdentity {
        let system = try await row("IDENTIFY_SYSTEM")
        let settings = try await row(
            "SELECT clock_timestamp() AS clock, current_setting('server_version') AS version, "
                + "(SELECT setting::int8 FROM pg_settings WHERE name = 'wal_segment_size') AS segment")
        guard let identifier = UInt64(try system.string("systemid")),
            let position = LogPosition(text: try system.string("xlogpos")),
            let timeline = UInt32(try system.string("timeline"))
        else { throw .protocolViolation(reason: "IDENTIFY_SYSTEM gave no numbers") }
        return ClusterIdentity(
            systemIdentifier: identifier, timeline: timeline, position: position,
            clock: try settings.timestamp("clock"), serverVersion: try settings.string("version"),
            segmentBytes: UInt64(max(0, try settings.int64("segment"))))
    }

    /// The server's time.
    public func clock() async throws(PostgresError) -> PostgresTimestamp {
        try await row("SELECT clock_timestamp() AS clock").timestamp("clock")
    }

    /// The history file of a time line after the first.
    public func history(of timeline: UInt32) async throws(PostgresError) -> String {
        try await row("TIMELINE_HISTORY \(timeline)").string("content")
    }

    private func row(_ sql: String) async throws(PostgresError) -> PostgresRow {
        let rows = try await rows(sql)
        guard let row = rows.first else { throw .unexpectedRowCount(expected: 1, found: 0) }
        return row
    }

    private func rows(_ sql: String) async throws(PostgresError) -> PostgresRows {
        try await connection.thread.perform(within: limits.commandDeadline) { wire, interrupt throws(PostgresError) in
            try wire.simpleQuery(sql, interrupt)
        }
    }
}

/// Slots.
extension PostgresPhysicalReplication {
    /// Whether there is a limit to the log that the server keeps for slots (`max_slot_wal_keep_size`).
    public func boundsSlots() async throws(PostgresError) -> Bool {
        try await row("SELECT setting::int8 >= 0 AS bounded FROM pg_settings WHERE name = 'max_slot_wal_keep_size'")
            .bool("bounded")
    }

    /// A physical slot; nil when there is none of this name.
    public func slot(_ name: String) async throws(PostgresError) -> PhysicalSlot? {
        let rows = try await rows(
            "SELECT restart_lsn, coalesce(wal_status = 'lost', false) AS lost, active FROM pg_replication_slots "
                + "WHERE slot_type = 'physical' AND slot_name = \(try PostgresQuoting.literal(name))")
        guard let row = rows.first else { return nil }
        let restart = try row.optionalString("restart_lsn").flatMap(LogPosition.init(text:))
        return PhysicalSlot(restart: restart, isLost: try row.bool("lost"), isActive: try row.bool("active"))
    }

    /// Makes a slot that keeps the log from the last checkpoint on.
    public func createSlot(_ name: String) async throws(PostgresError) {
        _ = try await rows(
            "SELECT FROM pg_create_physical_replication_slot(\(try PostgresQuoting.literal(name)), true)")
    }

    /// Drops a slot that no connection reads.
    public func dropSlot(_ name: String) async throws(PostgresError) {
        _ = try await rows("SELECT pg_drop_replication_slot(\(try PostgresQuoting.literal(name)))")
    }
}

/// Base backups.
extension PostgresPhysicalReplication {
    /// What is asked of `BASE_BACKUP`.
    public struct BackupOptions: Sendable {
        /// Shown in the server's views and in the backup's label file.
        public var label: String
        /// Whether the log of the copy's own time is put into it.
        public var includesWAL = false
        /// Kilobytes a second at most, from 32 to 1,048,576.
        public var kilobytesPerSecond: Int?

        public init(label: String) { self.label = label }

        /// Compressed by gzip at its fastest level, with a manifest of SHA-256.
        func command() throws(PostgresError) -> String {
            let rate = kilobytesPerSecond.map { ", MAX_RATE \($0)" } ?? ""
            return "BASE_BACKUP (LABEL \(try PostgresQuoting.literal(label)), CHECKPOINT 'fast', MANIFEST 'yes', "
                + "MANIFEST_CHECKSUMS 'SHA256', COMPRESSION 'gzip', COMPRESSION_DETAIL '1', "
                + "WAL \(includesWAL), WAIT \(includesWAL)\(rate))"
        }
    }

    /// Starts a copy: where it starts, and how many tablespaces it has besides the cluster's folder.
    public func startBackup(
        _ options: BackupOptions
    ) async throws(PostgresError) -> (start: LogPosition, timeline: UInt32, tablespaces: Int) {
        let command = try options.command()
        let results = try await connection.thread.perform(within: limits.commandDeadline) {
            wire, interrupt throws(PostgresError) in
            try wire.startBackup(command, interrupt)
        }
        guard results.count == 2, let first = Self.place(results[0]) else {
            throw .protocolViolation(reason: "BASE_BACKUP began with other results than it should")
        }
        return (first.position, first.timeline, results[1].filter { $0.first != .some(nil) }.count)
    }

    /// What came next of the copy; empty when nothing came in time. The last part is its end.
    public func nextParts(within duration: Duration) async throws(PostgresError) -> [BaseBackupPart] {
        let bytesMax = limits.batchBytesMax
        let (messages, end) = try await connection.thread.perform(within: duration) {
            wire, interrupt throws(PostgresError) in
            try wire.backupData(bytesMax: bytesMax, interrupt)
        }
        var parts: [BaseBackupPart] = []
        do throws(LogicalDecodingError) {
            for message in messages { parts.append(try BaseBackupPart(message)) }
        } catch { throw .connectionLost(reason: "the server sent what is no part of a backup: \(error)") }
        guard let end else { return parts }
        guard let place = Self.place(end) else { throw .protocolViolation(reason: "BASE_BACKUP ended without a place") }
        return parts + [.end(position: place.position, timeline: place.timeline)]
    }

    private static func place(_ rows: [[String?]]) -> (position: LogPosition, timeline: UInt32)? {
        guard let row = rows.first, row.count >= 2, let position = row[0].flatMap(LogPosition.init(text:)),
            let timeline = row[1].flatMap({ UInt32($0) })
        else { return nil }
        return (position, timeline)
    }
}

/// The log.
extension PostgresPhysicalReplication {
    /// Starts to stream the log from a position.
    ///
    /// - Parameter slot: it keeps what ``confirm(_:microsecondsSinceEpoch:wantsReply:)`` has not named.
    public func startStreaming(
        slot: String, from position: LogPosition, timeline: UInt32
    ) async throws(PostgresError) {
        let name = try PostgresQuoting.identifier(slot)
        let command = "START_REPLICATION SLOT \(name) PHYSICAL \(position) TIMELINE \(timeline)"
        try await connection.thread.perform(within: limits.commandDeadline) { wire, interrupt throws(PostgresError) in
            try wire.startCopying(command, interrupt)
        }
    }

    /// What came next; empty when nothing came in time.
    ///
    /// While nobody calls, nothing is read: the server then waits, and keeps the rest on its side.
    public func next(within duration: Duration) async throws(PostgresError) -> [PhysicalFrame] {
        let bytesMax = limits.batchBytesMax
        let messages = try await connection.thread.perform(within: duration) {
            wire, interrupt throws(PostgresError) in
            try wire.copyData(bytesMax: bytesMax, interrupt)
        }
        do throws(LogicalDecodingError) {
            var frames: [PhysicalFrame] = []
            for message in messages { frames.append(try PhysicalFrame(message)) }
            return frames
        } catch { throw .connectionLost(reason: "the server sent what is no replication message: \(error)") }
    }

    /// Tells the server that it need not keep the log before a position.
    ///
    /// - Parameters:
    ///   - microsecondsSinceEpoch: the present time.
    ///   - wantsReply: whether it is to answer at once with a sign of life.
    public func confirm(
        _ position: LogPosition, microsecondsSinceEpoch: Int64, wantsReply: Bool
    ) async throws(PostgresError) {
        let status = ReplicationFrame.status(
            upTo: position, at: microsecondsSinceEpoch, wantsReply: wantsReply)
        try await connection.thread.perform(within: limits.statusDeadline) { wire, interrupt throws(PostgresError) in
            try wire.putCopyData(status, interrupt)
        }
    }
}

extension LogPosition {
    /// Reads PostgreSQL's text form, such as `0/16B3748`; nil for any other text.
    public init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16) else {
            return nil
        }
        self.init(UInt64(high) << 32 | UInt64(low))
    }
}
