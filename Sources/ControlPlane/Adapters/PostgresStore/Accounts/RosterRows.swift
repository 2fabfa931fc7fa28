import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `role_assignments` and `project_roles`.
enum RosterRows {
    static func members(of slug: String, in session: some PostgresSession) async throws -> [Member] {
        let rows = try await session.query(
            """
            select \(AccountRows.columns), r.base_role, p.number as role_number, p.base_role as role_base,
                coalesce(p.projects, '{}') as role_projects
            from organizations o join role_assignments r on r.organization = o.number
            join accounts a on a.id = r.account left join project_roles p on p.number = r.project_role
            where o.slug = $1 order by a.number, r.base_role, p.number
            """, [.text(slug)])
        var members: [Member] = []
        for row in rows {
            let (account, role) = (try AccountRows.account(row), try PrincipalRows.role(row))
            if members.last?.account.id == account.id {
                members[members.count - 1].roles.append(role)
            } else {
                members.append(Member(account: account, roles: [role]))
            }
        }
        return members
    }

    static func organizations(of account: String, in session: some PostgresSession) async throws -> Set<String> {
        let rows = try await session.query(
            """
            select distinct o.slug from role_assignments r join organizations o on o.number = r.organization
            where r.account = $1
            """, [.text(account)])
        return Set(try rows.map { try $0.string("slug") })
    }

    static func roster(
        of organization: Organization, in session: some PostgresSession
    ) async throws -> OrganizationRoster {
        let members = try await members(of: organization.slug, in: session)
        let projects = try await session.query(
            "select ref, name from projects where organization_slug = $1 and status <> $2",
            [.text(organization.slug), .text(ProjectStatus.deleted.rawValue)])
        var names: [ProjectRef: String] = [:]
        for row in projects {
            if let ref = ProjectRef(try row.string("ref")) { names[ref] = try row.string("name") }
        }
        return OrganizationRoster(
            organization: organization, roles: Dictionary(members.map { ($0.account.id, $0.roles) }) { $1 },
            emails: Dictionary(members.map { ($0.account.id, $0.account.email) }) { $1 },
            projectRoles: try await projectRoles(of: organization, in: session), projects: names,
            invitations: try await InvitationRows.select(of: organization, in: session))
    }

    private static func projectRoles(
        of organization: Organization, in session: some PostgresSession
    ) async throws -> [Role] {
        try await session.query(
            "select number, base_role, projects from project_roles where organization = $1 order by number",
            [.int(organization.number)]
        ).map { row in
            Role(
                number: try row.int64("number"), base: try PrincipalRows.base(row.int64("base_role")),
                projects: Set(try row.textArray("projects").compactMap { ProjectRef($0) }))
        }
    }

    static func amend(
        _ slug: String, by decide: @Sendable (OrganizationRoster) -> RosterDecision, in session: some PostgresSession
    ) async throws -> RosterOutcome? {
        guard let organization = try await OrganizationRows.lock(slug, in: session) else { return nil }
        switch decide(try await roster(of: organization, in: session)) {
        case .refuse(let error): return .refused(error)
        case .apply(let edits):
            for edit in edits { try await apply(edit, in: organization, session) }
            try await session.execute(
                """
                delete from project_roles p where p.organization = $1
                    and not exists (select 1 from role_assignments r where r.project_role = p.number)
                """, [.int(organization.number)])
            return .applied(try await roster(of: organization, in: session))
        }
    }

    private static func apply(
        _ edit: RosterEdit, in organization: Organization, _ session: some PostgresSession
    ) async throws {
        switch edit {
        case .assign(let account, let base, let projects):
            try await assign(base, to: account, projects: projects, in: organization, session: session)
        case .unassign(let account, let role):
            try await session.execute(
                """
                delete from role_assignments
                where organization = $1 and account = $2 and coalesce(project_role, base_role) = $3
                """, [.int(organization.number), .text(account), .int(role)])
        case .remove(let account):
            try await session.execute(
                "delete from role_assignments where organization = $1 and account = $2",
                [.int(organization.number), .text(account)])
        case .invite(let invitation): try await InvitationRows.insert(invitation, to: organization, in: session)
        case .withdraw(let number): try await InvitationRows.delete(number, of: organization, in: session)
        }
    }

    static func assign(
        _ base: BaseRole, to account: String, projects: Set<ProjectRef>, in organization: Organization,
        session: some PostgresSession
    ) async throws {
        if projects.isEmpty {
            try await session.execute(
                """
                insert into role_assignments (organization, account, base_role) values ($1, $2, $3)
                on conflict (organization, account) where project_role is null do update set base_role = $3
                """, [.int(organization.number), .text(account), .int(base.rawValue)])
            return
        }
        let refs = PostgresParameter.textArray(projects.map(\.text).sorted())
        let role: [PostgresParameter] = [.int(organization.number), .int(base.rawValue), refs]
        try await session.execute(
            """
            insert into project_roles (organization, base_role, projects) values ($1, $2, $3)
            on conflict (organization, base_role, projects) do nothing
            """, role)
        try await session.execute(
            """
            insert into role_assignments (organization, account, project_role)
            select $1, $4, number from project_roles where organization = $1 and base_role = $2 and projects = $3
            on conflict do nothing
            """, role + [.text(account)])
    }
}
