import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the table `organizations`.
enum OrganizationRows {
    private static let columns = """
        number, slug, name, billing_email, additional_billing_emails, opt_in_tags, inserted_at
        """

    static func select(
        _ slugs: Set<String>, in session: some PostgresSession
    ) async throws -> [Organization] {
        try await session.query(
            "select \(columns) from organizations where slug = any($1) order by number", [.textArray(slugs.sorted())]
        ).map(organization)
    }

    /// An organization, locked until the transaction ends: changes of its members come one after the other.
    static func lock(_ slug: String, in session: some PostgresSession) async throws -> Organization? {
        try await session.first("select \(columns) from organizations where slug = $1 for no key update", [.text(slug)])
            .map(organization)
    }

    static func insert(
        _ new: NewOrganization, limit: Int, in session: some PostgresSession
    ) async throws -> NewOrganizationOutcome {
        guard try await AccountRows.lock(new.owner, in: session) else { return .noAccount }
        let owned = try await session.single(
            "select count(*) as count from role_assignments where account = $1 and base_role = $2",
            [.text(new.owner), .int(BaseRole.owner.rawValue)])
        guard try owned.int("count") < limit else { return .tooMany }
        let row = try await session.first(
            """
            insert into organizations (slug, name, inserted_at) values ($1, $2, $3)
            on conflict (slug) do nothing returning \(columns)
            """, [.text(new.slug), .text(new.name), .timestamp(new.at.postgres)])
        guard let row else { return .slugTaken }
        let made = try organization(row)
        try await RosterRows.assign(.owner, to: new.owner, projects: [], in: made, session: session)
        return .created(made)
    }

    static func update(
        _ slug: String, _ change: OrganizationChange, in session: some PostgresSession
    ) async throws -> Organization? {
        try await session.first(
            """
            update organizations set name = coalesce($2, name),
                billing_email = case when $3::text is null then billing_email else nullif($3, '') end,
                additional_billing_emails = coalesce($4::text[], additional_billing_emails),
                opt_in_tags = coalesce($5::text[], opt_in_tags)
            where slug = $1 returning \(columns)
            """,
            [
                .text(slug), .optional(change.name), .optional(change.billingEmail),
                change.additionalBillingEmails.map { .textArray($0) } ?? .null,
                change.optInTags.map { .textArray($0) } ?? .null,
            ]
        ).map(organization)
    }

    /// Deletes an organization without projects and kept volumes. Storing a project locks the row in share mode: this
    /// waits for such transactions and then counts their project, and they wait for this and find no organization.
    static func delete(_ slug: String, in session: some PostgresSession) async throws -> OrganizationDeletion {
        let row = try await session.first(
            "select \(columns) from organizations where slug = $1 for update", [.text(slug)])
        guard let organization = try row.map(organization) else { return .notFound }
        let projects = try await session.single(
            "select count(*) as count from projects where organization_slug = $1 and status <> $2",
            [.text(slug), .text(ProjectStatus.deleted.rawValue)])
        guard try projects.int("count") == 0 else { return .hasProjects(try projects.int("count")) }
        let kept = try await VolumeRows.keptCount(in: slug, in: session)
        guard kept == 0 else { return .hasKeptVolumes(kept) }
        try await session.execute("delete from organizations where number = $1", [.int(organization.number)])
        return .deleted
    }

    private static func organization(_ row: PostgresRow) throws -> Organization {
        Organization(
            number: try row.int64("number"), slug: try row.string("slug"), name: try row.string("name"),
            billingEmail: try row.optionalString("billing_email"),
            additionalBillingEmails: try row.textArray("additional_billing_emails"),
            optInTags: try row.textArray("opt_in_tags"), insertedAt: Timestamp(try row.timestamp("inserted_at")))
    }
}
