import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL that resolves a caller: account, credential and memberships in one query, as every request makes it.
enum PrincipalRows {
    /// Account and roles of the account in the table expression `bearer`; one row for each role, or one without any.
    private static let roles = """
        , o.number as organization_number, o.slug as organization_slug, r.base_role, p.number as role_number,
            p.base_role as role_base, coalesce(p.projects, '{}') as role_projects
        from bearer b join accounts a on a.id = b.account
        left join role_assignments r on r.account = a.id
        left join organizations o on o.number = r.organization
        left join project_roles p on p.number = r.project_role
        order by o.number, r.base_role, p.number
        """

    static func principal(
        session id: String, of account: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Principal? {
        let rows = try await session.query(
            """
            with bearer as (select account from sessions where id = $1 and account = $2 and not_after > $3)
            select \(AccountRows.columns) \(roles)
            """, [.text(id), .text(account), .timestamp(time.postgres)])
        guard let first = rows.first else { return nil }
        return Principal(
            account: try AccountRows.account(first), credential: .session(id), memberships: try memberships(rows))
    }

    static func browser(
        digest: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> BrowserSession? {
        let rows = try await session.query(
            """
            with bearer as (
                select s.id as session, s.account, s.refreshed_at, c.ends_at
                from browser_sessions c join sessions s on s.id = c.session
                where c.digest = $1 and s.not_after > $2
            )
            select \(AccountRows.columns), b.session, b.refreshed_at, b.ends_at \(roles)
            """, [.text(digest), .timestamp(time.postgres)])
        guard let first = rows.first else { return nil }
        return BrowserSession(
            principal: Principal(
                account: try AccountRows.account(first), credential: .session(try first.string("session")),
                memberships: try memberships(rows)),
            seenAt: Timestamp(try first.timestamp("refreshed_at")), endsAt: Timestamp(try first.timestamp("ends_at")))
    }

    static func bearer(
        ofTokenDigest digest: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> TokenBearer? {
        let rows = try await session.query(
            """
            with bearer as (
                select account, number as token_number, null as scoped_id, last_used_at, '{}'::text[] as permissions,
                    null::text[] as organization_slugs, null::text[] as project_refs
                from access_tokens where digest = $1 and (expires_at is null or expires_at > $2)
                union all
                select account, null, id, last_used_at, permissions, organization_slugs, project_refs
                from scoped_access_tokens where digest = $1 and (expires_at is null or expires_at > $2)
            )
            select \(AccountRows.columns), b.token_number, b.scoped_id, b.last_used_at, b.permissions,
                coalesce(b.organization_slugs, '{}') as organization_slugs,
                b.organization_slugs is null as any_organization, coalesce(b.project_refs, '{}') as project_refs,
                b.project_refs is null as any_project \(roles)
            """, [.text(digest), .timestamp(time.postgres)])
        guard let first = rows.first else { return nil }
        let number = try first.optionalInt64("token_number")
        let credential: Principal.Credential =
            try number.map { .accessToken($0) } ?? .scopedToken(try TokenRows.scope(first, id: "scoped_id"))
        let principal = Principal(
            account: try AccountRows.account(first), credential: credential, memberships: try memberships(rows))
        return TokenBearer(
            principal: principal, lastUsedAt: try first.optionalTimestamp("last_used_at").map { Timestamp($0) })
    }

    /// Whether a credential is valid. Takes the weakest lock that a deletion waits for: many requests of one session
    /// hold it at the same time, and neither its refresh nor the update of its last use is blocked.
    static func hold(
        _ credential: Principal.Credential, of account: String, at time: Timestamp, in session: some PostgresSession
    ) async throws -> Bool {
        let rows: String
        let key: PostgresParameter
        switch credential {
        case .session(let id): (rows, key) = ("sessions where id = $1 and not_after > $3", .text(id))
        case .accessToken, .scopedToken:
            guard let token = TokenKey(credential) else { return false }
            (rows, key) = ("\(token.row) and (expires_at is null or expires_at > $3)", token.parameter)
        }
        let row = try await session.first(
            "select account from \(rows) and account = $2 for key share",
            [key, .text(account), .timestamp(time.postgres)])
        return row != nil
    }

    /// Rows come ordered by organization.
    private static func memberships(_ rows: PostgresRows) throws -> [Membership] {
        var memberships: [Membership] = []
        for row in rows {
            guard let number = try row.optionalInt64("organization_number") else { continue }
            let role = try role(row)
            if memberships.last?.organizationNumber == number {
                memberships[memberships.count - 1].roles.append(role)
            } else {
                memberships.append(
                    Membership(
                        organizationSlug: try row.string("organization_slug"), organizationNumber: number,
                        roles: [role]))
            }
        }
        return memberships
    }

    /// The role of a row: for the organization (`base_role`) or for projects (`role_…`).
    static func role(_ row: PostgresRow) throws -> Role {
        if let number = try row.optionalInt64("base_role") { return Role(try base(number)) }
        return Role(
            number: try row.int64("role_number"), base: try base(row.int64("role_base")),
            projects: Set(try row.textArray("role_projects").compactMap { ProjectRef($0) }))
    }

    static func base(_ number: Int64) throws -> BaseRole {
        guard let base = BaseRole(rawValue: number) else { throw StoreError.refused("there is no base role \(number)") }
        return base
    }
}
