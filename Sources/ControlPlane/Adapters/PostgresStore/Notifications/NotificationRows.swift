import NotificationModel
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `notifications` and `notification_marks`.
enum NotificationRows {
    /// What the viewer sees: $1 is the account, $2 organizations, $3 and $4 single projects with
    /// the organization of each.
    private static let visible = """
        (n.organization_slug = any($2)
            or (n.organization_slug, n.ref) in (select * from unnest($3::text[], $4::text[])))
        """
    private static let joined = """
        notifications n left join notification_marks m on m.number = n.number and m.account = $1
        """

    private static func parameters(_ viewer: NotificationViewer) -> [PostgresParameter] {
        let pairs = viewer.visibility.pairs
        return [
            .text(viewer.account), .textArray(Array(viewer.visibility.organizations)),
            .textArray(pairs.organizations), .textArray(pairs.refs),
        ]
    }

    static func select(
        _ query: NotificationQuery, for viewer: NotificationViewer, in session: some PostgresSession
    ) async throws -> [NotificationEntry] {
        let kinds = query.priorities.map { $0.flatMap(\.kinds) }
        return try await session.query(
            """
            select n.id, n.organization_slug, n.ref, n.kind, n.title, n.message, n.inserted_at,
                coalesce(m.status, 'new') as status
            from \(joined)
            where \(visible) and ($5::text[] is null or coalesce(m.status, 'new') = any($5))
                and ($6::text[] is null or n.kind = any($6))
                and ($7::text[] is null or n.organization_slug = any($7))
                and ($8::text[] is null or n.ref = any($8))
            order by n.number desc limit $9 offset $10
            """,
            parameters(viewer) + [
                optional(query.statuses?.map(\.rawValue)), optional(kinds?.map(\.rawValue)),
                optional(query.organizations.map { Array($0) }), optional(query.refs?.map(\.text)),
                .int(query.limit), .int(query.offset),
            ]
        ).map(entry)
    }

    static func summary(
        for viewer: NotificationViewer, in session: some PostgresSession
    ) async throws -> NotificationSummary {
        let rows = try await session.query(
            """
            select n.kind, count(*) as count from \(joined)
            where \(visible) and coalesce(m.status, 'new') = 'new' group by n.kind
            """, parameters(viewer))
        var summary = NotificationSummary(unread: 0, hasCritical: false, hasWarning: false)
        for row in rows {
            summary.unread += try row.int("count")
            switch try kind(row).priority {
            case .critical: summary.hasCritical = true
            case .warning: summary.hasWarning = true
            case .info: break
            }
        }
        return summary
    }

    static func mark(
        _ marks: [String: NotificationStatus], for viewer: NotificationViewer, in session: some PostgresSession
    ) async throws -> [NotificationEntry] {
        let sorted = marks.sorted { $0.key < $1.key }
        return try await session.query(
            """
            with wanted as (select unnest($5::text[]) as id, unnest($6::text[]) as status),
            marked as (
                insert into notification_marks (number, account, status)
                select n.number, $1, w.status from notifications n join wanted w on w.id = n.id
                where \(visible) order by n.number
                on conflict (number, account) do update set status = excluded.status
                returning number, status
            )
            select n.id, n.organization_slug, n.ref, n.kind, n.title, n.message, n.inserted_at, k.status
            from notifications n join marked k on k.number = n.number order by n.number desc
            """,
            parameters(viewer) + [
                .textArray(sorted.map(\.key)), .textArray(sorted.map(\.value.rawValue)),
            ]
        ).map(entry)
    }

    static func archiveAll(for viewer: NotificationViewer, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into notification_marks (number, account, status)
            select n.number, $1, 'archived' from notifications n where \(visible) order by n.number
            on conflict (number, account) do update set status = 'archived'
            """, parameters(viewer))
    }

    /// The latest notifications about a project, newest first: as many as decisions need.
    static func marks(of ref: ProjectRef, in session: some PostgresSession) async throws -> [NotificationMark] {
        try await session.query(
            "select kind, inserted_at from notifications where ref = $1 order by number desc limit $2",
            [.text(ref.text), .int(NotificationStep.marksNeeded)]
        ).map { NotificationMark(kind: try kind($0), at: Timestamp(try $0.timestamp("inserted_at"))) }
    }

    /// Carries out what was decided about an event; in its transaction, which holds the project's row, so that decisions
    /// about it are serialised.
    static func apply(
        _ step: NotificationStep, of ref: ProjectRef, in organization: String, at time: Timestamp,
        _ session: some PostgresSession
    ) async throws {
        switch step {
        case .nothing: break
        case .forgetAll: try await session.execute("delete from notifications where ref = $1", [.text(ref.text)])
        case .withdrawLatest:
            try await session.execute(
                "delete from notifications where number = (select max(number) from notifications where ref = $1)",
                [.text(ref.text)])
        case .add(let draft): try await insert(draft, of: ref, in: organization, at: time, session)
        }
    }

    private static func insert(
        _ draft: NotificationDraft, of ref: ProjectRef, in organization: String, at time: Timestamp,
        _ session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            insert into notifications (organization_slug, ref, kind, title, message, inserted_at)
            values ($1, $2, $3, $4, $5, $6)
            """,
            [
                .text(organization), .text(ref.text), .text(draft.kind.rawValue), .text(draft.title),
                .text(draft.message), .timestamp(time.postgres),
            ])
        try await session.execute(
            """
            delete from notifications where organization_slug = $1 and number <=
                (select number from notifications where organization_slug = $1 order by number desc
                 offset $2 limit 1)
            """,
            [.text(organization), .int(NotificationStep.keptMax)])
    }

    // MARK: Reading

    private static func entry(_ row: PostgresRow) throws -> NotificationEntry {
        let ref = try row.string("ref")
        guard let project = ProjectRef(ref), let status = NotificationStatus(rawValue: try row.string("status"))
        else { throw StoreError.refused("a notification has an unknown status, or a project that cannot be one") }
        return NotificationEntry(
            notification: ProjectNotification(
                id: try row.string("id"), organizationSlug: try row.string("organization_slug"), ref: project,
                draft: NotificationDraft(
                    kind: try kind(row), title: try row.string("title"), message: try row.string("message")),
                insertedAt: Timestamp(try row.timestamp("inserted_at"))),
            status: status)
    }

    private static func kind(_ row: PostgresRow) throws -> NotificationKind {
        let text = try row.string("kind")
        guard let kind = NotificationKind(rawValue: text) else {
            throw StoreError.refused("a notification is of the unknown kind \(text)")
        }
        return kind
    }

    private static func optional(_ texts: [String]?) -> PostgresParameter { texts.map { .textArray($0) } ?? .null }
}
