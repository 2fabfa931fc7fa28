import Identity
import PostgresKit
import ProjectModel

/// SQL of the table `invitations`. Of its token only the digest is stored.
enum InvitationRows {
    private static let columns = """
        i.number, i.token_digest, i.email, i.base_role, i.projects, i.invited_by, i.invited_at, i.expires_at,
        i.is_vouched, o.slug, o.name
        """
    private static let tables = "invitations i join organizations o on o.number = i.organization"

    static func select(
        of organization: Organization, in session: some PostgresSession
    ) async throws -> [String: Invitation] {
        let rows = try await session.query(
            "select \(columns) from \(tables) where i.organization = $1", [.int(organization.number)])
        var invitations: [String: Invitation] = [:]
        for row in rows { invitations[try row.string("token_digest")] = try invitation(row) }
        return invitations
    }

    static func select(tokenDigest: String, in session: some PostgresSession) async throws -> Invitation? {
        try await session.first("select \(columns) from \(tables) where i.token_digest = $1", [.text(tokenDigest)])
            .map(invitation)
    }

    static func insert(
        _ new: NewInvitation, to organization: Organization, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            insert into invitations (organization, token_digest, email, base_role, projects, invited_by, invited_at,
                expires_at, is_vouched)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            """,
            [
                .int(organization.number), .text(new.tokenDigest), .text(new.email), .int(new.role.rawValue),
                .textArray(new.projects.map(\.text).sorted()), .text(new.invitedBy), .timestamp(new.at.postgres),
                .timestamp(new.expiresAt.postgres), .bool(new.isVouched),
            ])
    }

    static func delete(
        _ number: Int64, of organization: Organization, in session: some PostgresSession
    ) async throws {
        try await session.execute(
            "delete from invitations where organization = $1 and number = $2",
            [.int(organization.number), .int(number)])
    }

    private static func invitation(_ row: PostgresRow) throws -> Invitation {
        Invitation(
            number: try row.int64("number"), organizationSlug: try row.string("slug"),
            organizationName: try row.string("name"), email: try row.string("email"),
            role: try PrincipalRows.base(row.int64("base_role")),
            projects: Set(try row.textArray("projects").compactMap { ProjectRef($0) }),
            invitedBy: try row.optionalString("invited_by"), invitedAt: Timestamp(try row.timestamp("invited_at")),
            expiresAt: Timestamp(try row.timestamp("expires_at")), isVouched: try row.bool("is_vouched"))
    }
}
