import BackupModel
import BackupOperations
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `log_copies`.
enum LogCopyRows {
    private static let columns = """
        ref, state, timeline, position, complete_until, epoch, gap, gap_seen_at, failure, updated_at, spans, is_covered
        """

    static func select(_ ref: ProjectRef, in session: some PostgresSession) async throws -> LogCopy? {
        try await session.first("select \(columns) from log_copies where ref = $1", [.text(ref.text)]).map(copy)
    }

    static func save(_ copy: LogCopy, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into log_copies (
                ref, state, timeline, position, complete_until, epoch, gap, gap_seen_at, failure, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (ref) do update set
                is_covered = log_copies.is_covered and log_copies.epoch = excluded.epoch, state = excluded.state,
                timeline = excluded.timeline, position = excluded.position, complete_until = excluded.complete_until,
                epoch = excluded.epoch, gap = excluded.gap, gap_seen_at = excluded.gap_seen_at,
                failure = excluded.failure, updated_at = excluded.updated_at
            """,
            [
                .text(copy.ref.text), .text(copy.state.rawValue),
                .optional(copy.progress.map { Int($0.timeline.value) }),
                .optional(copy.progress.map { "\($0.position)" }),
                .optional(copy.progress?.completeUntil?.postgres), .int(Int(copy.epoch)),
                .optional(copy.gap.map(LogCopyText.text)), .optional(copy.gapSeenAt?.postgres),
                .optional(copy.failure), .timestamp(copy.updatedAt.postgres),
            ])
    }

    static func save(
        _ spans: [RestorableSpan], isCovered: Bool, of copy: LogCopy, in session: some PostgresSession
    ) async throws -> Bool {
        try await session.first(
            "update log_copies set spans = $2, is_covered = $3 where ref = $1 and epoch = $4 returning ref",
            [
                .text(copy.ref.text), .text(LogCopyText.text(spans)), .bool(isCovered), .int(Int(copy.epoch)),
            ]) != nil
    }

    static func noteFailure(
        _ failure: String, of ref: ProjectRef, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            insert into log_copies (ref, state, epoch, failure, updated_at) values ($1, 'failing', 0, $2, $3)
            on conflict (ref) do update set
                state = excluded.state, failure = excluded.failure, updated_at = excluded.updated_at
            """, [.text(ref.text), .text(failure), .timestamp(time.postgres)])
    }

    static func delete(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        try await session.execute("delete from log_copies where ref = $1", [.text(ref.text)])
    }

    static func wanted(in session: some PostgresSession) async throws -> [ProjectRef: LogWish] {
        let rows = try await session.query(
            """
            select p.ref, p.status,
                coalesce(s.copies_log, false) and p.status not in ('DELETING', 'DELETED') as wanted
            from (select * from backup_schedules where copies_log) s full join log_copies l on l.ref = s.ref
                join projects p on p.ref = coalesce(l.ref, s.ref)
            where l.ref is not null or p.status not in ('DELETING', 'DELETED')
            """)
        return Dictionary(
            try rows.map { row in
                guard let ref = ProjectRef(try row.string("ref")) else {
                    throw StoreError.refused("a ref cannot be read")
                }
                return (
                    ref,
                    LogWish(
                        isWanted: try row.bool("wanted"), status: ProjectStatus(rawValue: try row.string("status")))
                )
            }
        ) { first, _ in first }
    }

    private static func copy(_ row: PostgresRow) throws -> LogCopy {
        guard let ref = ProjectRef(try row.string("ref")), let state = LogCopyState(rawValue: try row.string("state")),
            let spans = LogCopyText.spans(try row.string("spans"))
        else { throw StoreError.refused("the row of a log's copy cannot be read") }
        var copy = LogCopy(
            ref: ref, state: state, epoch: Int64(try row.int("epoch")),
            gap: try row.optionalString("gap").flatMap(LogCopyText.gap),
            gapSeenAt: try row.optionalTimestamp("gap_seen_at").map { Timestamp($0) },
            failure: try row.optionalString("failure"), updatedAt: Timestamp(try row.timestamp("updated_at")),
            spans: spans, isCovered: try row.bool("is_covered"))
        if let timeline = try row.optionalInt("timeline").flatMap({ UInt32(exactly: $0) }),
            let position = try row.optionalString("position").flatMap({ WALPosition(text: $0) })
        {
            copy.progress = WALProgress(
                timeline: TimelineID(timeline), position: position,
                completeUntil: try row.optionalTimestamp("complete_until").map { Timestamp($0) })
        }
        return copy
    }
}

/// Spans and gaps as texts: numbers and positions, separated by colons; one span after another by blanks.
enum LogCopyText {
    static func text(_ spans: [RestorableSpan]) -> String {
        spans.map { "\($0.timeline):\($0.earliest.milliseconds):\($0.latest.milliseconds)" }.joined(separator: " ")
    }

    static func spans(_ text: String) -> [RestorableSpan]? {
        let spans = text.split(separator: " ").map { part -> RestorableSpan? in
            let numbers = part.split(separator: ":", omittingEmptySubsequences: false)
            guard numbers.count == 3, let timeline = UInt32(numbers[0]), let earliest = Int64(numbers[1]),
                let latest = Int64(numbers[2])
            else { return nil }
            return RestorableSpan(
                timeline: TimelineID(timeline), earliest: Timestamp(milliseconds: earliest),
                latest: Timestamp(milliseconds: latest))
        }
        return spans.contains { $0 == nil } ? nil : spans.compactMap { $0 }
    }

    static func text(_ gap: WALGap) -> String { "\(gap.timeline):\(gap.from):\(gap.to)" }

    static func gap(_ text: String) -> WALGap? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let timeline = UInt32(parts[0]), let from = WALPosition(text: parts[1]),
            let to = WALPosition(text: parts[2])
        else { return nil }
        return WALGap(timeline: TimelineID(timeline), from: from, to: to)
    }
}
