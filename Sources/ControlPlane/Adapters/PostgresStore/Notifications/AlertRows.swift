import NotificationModel
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `alert_states` and `alerts`, and of what the rules look at.
enum AlertRows {
    /// Rows of one look at most: a bound for installations of any size.
    private static let observedMax = 10_000
    /// Sign-ins of one look at most.
    private static let signInsMax = 500

    // MARK: Looking

    static func observe(
        since start: Timestamp, backups: Bool, in session: some PostgresSession
    ) async throws -> AlertObservation {
        var observation = AlertObservation()
        observation.states = try await session.query(
            """
            select rule, organization_slug, ref, name, stage, since, clear_since from alert_states limit $1
            """, [.int(observedMax)]
        ).compactMap(state)
        observation.projects = try await session.query(
            """
            select ref, name, organization_slug, status, failure_service, failure_message from projects
            where status in ('DEGRADED', 'FAILED') or ref in (select ref from alert_states where ref is not null)
            order by number limit $1
            """, [.int(observedMax)]
        ).map(project)
        if backups { observation.backups = try await self.backups(in: session) }
        observation.signIns = try await signIns(since: start, in: session)
        observation.takeover = try await takeover(in: session)
        return observation
    }

    private static func backups(in session: some PostgresSession) async throws -> [ObservedBackups] {
        try await session.query(
            """
            select p.ref, p.name, p.organization_slug, s.updated_at as scheduled_since, l.failure,
                coalesce(l.state in ('failed', 'unsound'), false) as has_failed, k.newest, k.unverified
            from projects p
            left join backup_schedules s on s.ref = p.ref
            left join lateral (
                select state, failure from backups b where b.ref = p.ref and state not in ('pending', 'removed')
                order by id desc limit 1) l on true
            left join lateral (
                select max(taken_at) filter (where state in ('stored', 'verified')) as newest,
                    min(taken_at) filter (where state = 'stored') as unverified
                from backups b where b.ref = p.ref) k on true
            where p.status not in ('PAUSED', 'PAUSING', 'FAILED', 'DELETING', 'DELETED', 'ROLLING_BACK', 'PROVISIONING')
                and (s.ref is not null or l.state is not null
                    or p.ref in (select ref from alert_states where rule like 'backup.%'))
            order by p.number limit $1
            """, [.int(observedMax)]
        ).map { row in
            var backups = ObservedBackups(subject: try subject(row))
            if try row.bool("has_failed") { backups.latestFailure = try row.optionalString("failure") ?? "It failed." }
            backups.newestTakenAt = try row.optionalTimestamp("newest").map { Timestamp($0) }
            backups.unverifiedSince = try row.optionalTimestamp("unverified").map { Timestamp($0) }
            backups.scheduledSince = try row.optionalTimestamp("scheduled_since").map { Timestamp($0) }
            return backups
        }
    }

    /// Those that were not judged. The entries of a trail are in order, so one number for each of them is enough, and
    /// each sign-in is looked at once.
    private static func signIns(
        since start: Timestamp, in session: some PostgresSession
    ) async throws -> [ObservedSignIn] {
        try await session.query(
            """
            with fresh as materialized (
                select e.scope, e.number from audit_entries e left join judged_sign_ins j on j.scope = e.scope
                where e.action = 'session.create' and e.at > $1 and e.number > coalesce(j.number, 0)
                order by e.scope, e.number limit $3)
            select e.scope, e.number, e.actor_email, e.address, e.at,
                case when exists (select from audit_entries b where b.scope = e.scope and b.action = 'session.create'
                    and b.number < e.number and b.address = e.address) then array[e.address]
                else array(select distinct b.address from audit_entries b where b.scope = e.scope
                    and b.action = 'session.create' and b.number < e.number limit $2) end as earlier,
                array(select o.slug from organizations o where exists (
                    select from role_assignments r where r.organization = o.number and r.account = e.actor_id)
                    order by o.number) as organizations
            from fresh f join audit_entries e on e.scope = f.scope and e.number = f.number
            order by e.scope, e.number
            """, [.timestamp(start.postgres), .int(AlertBounds.addressesMax), .int(signInsMax)]
        ).map { row in
            ObservedSignIn(
                scope: try row.string("scope"), number: try row.int64("number"), email: try row.string("actor_email"),
                organizations: try row.textArray("organizations"), address: try row.string("address"),
                earlier: try row.textArray("earlier"), at: Timestamp(try row.timestamp("at")))
        }
    }

    private static func takeover(in session: some PostgresSession) async throws -> ObservedTakeover? {
        try await session.first(
            """
            select token, address, taken_from from manager_lease l where taken_from is not null
                and not exists (select from alerts a where a.key = $1 || '/' || l.token)
            """, [.text(AlertRule.leaseTaken.rawValue)]
        ).map { row in
            ObservedTakeover(
                term: try row.int64("token"), from: try row.string("taken_from"), to: try row.string("address"))
        }
    }

    // MARK: Writing

    static func record(_ change: AlertChange, at time: Timestamp, in session: some PostgresSession) async throws {
        for state in change.states { try await save(state, in: session) }
        for state in change.forgotten {
            try await session.execute(
                "delete from alert_states where rule = $1 and subject = $2",
                [.text(state.rule.rawValue), .text(subject(of: state))])
        }
        for (scope, number) in change.judgedSignIns.sorted(by: { $0.key < $1.key }) {
            try await session.execute(
                """
                insert into judged_sign_ins as j (scope, number) values ($1, $2)
                on conflict (scope) do update set number = greatest(j.number, excluded.number)
                """, [.text(scope), .int(number)])
        }
        for alert in change.alerts {
            guard let id = try await insert(alert, at: time, in: session) else { continue }
            for channel in try await ChannelRows.all(of: alert.subject.organizationSlug, in: session) {
                guard let due = DeliverySchedule.due(of: alert, on: channel, at: time) else { continue }
                _ = try await DeliveryRows.insert(
                    alert, number: id, on: channel.id, due: due, at: time, in: session)
            }
        }
    }

    private static func subject(of state: AlertState) -> String {
        state.subject.ref?.text ?? "/\(state.subject.organizationSlug)"
    }

    private static func save(_ state: AlertState, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into alert_states (rule, subject, organization_slug, ref, name, stage, since, clear_since)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (rule, subject) do update set name = excluded.name, stage = excluded.stage,
                since = excluded.since, clear_since = excluded.clear_since
            """,
            [
                .text(state.rule.rawValue), .text(subject(of: state)), .text(state.subject.organizationSlug),
                .optional(state.subject.ref?.text), .text(state.subject.name), .text(state.stage.rawValue),
                .timestamp(state.since.postgres), .optional(state.clearSince?.postgres),
            ])
    }

    /// Nil when there is one with the key.
    static func insert(_ alert: Alert, at time: Timestamp, in session: some PostgresSession) async throws -> Int64? {
        try await session.first(
            """
            insert into alerts (key, rule, phase, organization_slug, ref, name, title, content, at, stored_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (key) do nothing returning id
            """,
            [
                .text(alert.key), .text(alert.rule.rawValue), .text(alert.phase.rawValue),
                .text(alert.subject.organizationSlug), .optional(alert.subject.ref?.text), .text(alert.subject.name),
                .text(alert.title), .text(alert.text), .timestamp(alert.at.postgres), .timestamp(time.postgres),
            ]
        ).map { try $0.int64("id") }
    }

    /// How the present term began stays: without its alert it would be told again.
    static func remove(before time: Timestamp, limit: Int, in session: some PostgresSession) async throws -> Int {
        try await session.execute(
            """
            delete from alerts where id in (
                select a.id from alerts a where a.stored_at < $1 and not exists (
                    select from alert_deliveries d where d.alert = a.id and d.state = 'waiting')
                    and not exists (select from manager_lease l
                        where l.taken_from is not null and a.key = $3 || '/' || l.token)
                order by a.stored_at limit $2)
            """, [.timestamp(time.postgres), .int(limit), .text(AlertRule.leaseTaken.rawValue)])
    }

    // MARK: Reading

    static func subject(_ row: PostgresRow) throws -> AlertSubject {
        let text = try row.optionalString("ref")
        let ref = text.flatMap { ProjectRef($0) }
        if text != nil, ref == nil { throw StoreError.refused("an alert is about something that is no project") }
        return AlertSubject(
            organizationSlug: try row.string("organization_slug"), ref: ref, name: try row.string("name"))
    }

    /// Nil for rules that this program does not know.
    @Sendable private static func state(_ row: PostgresRow) throws -> AlertState? {
        guard let rule = AlertRule(rawValue: try row.string("rule")),
            let stage = AlertState.Stage(rawValue: try row.string("stage"))
        else { return nil }
        return AlertState(
            rule: rule, subject: try subject(row), stage: stage, since: Timestamp(try row.timestamp("since")),
            clearSince: try row.optionalTimestamp("clear_since").map { Timestamp($0) })
    }

    @Sendable private static func project(_ row: PostgresRow) throws -> WatchedProject {
        let service = try row.optionalString("failure_service").flatMap { ServiceName($0) }
        return WatchedProject(
            subject: try subject(row), status: try ProjectRows.status(row.string("status")),
            failure: try row.optionalString("failure_message").map { ProjectFailure(service: service, message: $0) })
    }
}
