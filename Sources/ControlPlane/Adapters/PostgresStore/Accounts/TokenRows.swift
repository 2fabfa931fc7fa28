import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `access_tokens` and `scoped_access_tokens`.
enum TokenRows {
    private static let columns = "number, name, alias, created_at, expires_at, last_used_at"
    private static let scopedColumns = """
        id, name, alias, permissions, coalesce(organization_slugs, '{}') as organization_slugs,
        organization_slugs is null as any_organization, coalesce(project_refs, '{}') as project_refs,
        project_refs is null as any_project, created_at, expires_at, last_used_at
        """

    // MARK: Personal

    static func insert(
        _ new: NewAccessToken, limit: Int, in session: some PostgresSession
    ) async throws -> AccessTokenRecord? {
        guard try await hasRoom(in: "access_tokens", of: new.account, limit, session) else { return nil }
        let row = try await session.single(
            """
            insert into access_tokens (account, name, alias, digest, created_at, expires_at, maker_token)
            values ($1, $2, $3, $4, $5, $6, $7) returning \(columns)
            """,
            [
                .text(new.account), .text(new.name), .text(new.alias), .text(new.digest),
                .timestamp(new.at.postgres), .optional(new.expiresAt?.postgres), .optional(new.maker?.number),
            ])
        return try record(row)
    }

    private static func hasRoom(
        in table: String, of account: String, _ limit: Int, _ session: some PostgresSession
    ) async throws -> Bool {
        guard try await AccountRows.lock(account, in: session) else { return false }
        let row = try await session.single(
            "select count(*) as count from \(table) where account = $1", [.text(account)])
        return try row.int("count") < limit
    }

    static func select(of account: String, in session: some PostgresSession) async throws -> [AccessTokenRecord] {
        try await session.query(
            "select \(columns) from access_tokens where account = $1 order by number desc", [.text(account)]
        ).map(record)
    }

    static func delete(
        _ number: Int64, of account: String, in session: some PostgresSession
    ) async throws -> AccessTokenRecord? {
        try await session.first(
            "delete from access_tokens where number = $1 and account = $2 returning \(columns)",
            [.int(number), .text(account)]
        ).map(record)
    }

    /// Deletes the tokens of both kinds; that of the installation's settings stays, as its file is what an operator has
    /// left. Tokens that a deleted one made are deleted with it.
    static func deleteAll(of account: String, in session: some PostgresSession) async throws -> Int {
        let before = try await count(of: account, in: session)
        try await session.execute("delete from scoped_access_tokens where account = $1", [.text(account)])
        try await session.execute(
            "delete from access_tokens where account = $1 and not is_bootstrap", [.text(account)])
        return try await before - count(of: account, in: session)
    }

    private static func count(of account: String, in session: some PostgresSession) async throws -> Int {
        try await session.single(
            """
            select (select count(*) from access_tokens where account = $1)
                + (select count(*) from scoped_access_tokens where account = $1) as count
            """, [.text(account)]
        ).int("count")
    }

    private static func record(_ row: PostgresRow) throws -> AccessTokenRecord {
        AccessTokenRecord(
            number: try row.int64("number"), name: try row.string("name"), alias: try row.string("alias"),
            createdAt: Timestamp(try row.timestamp("created_at")),
            expiresAt: try row.optionalTimestamp("expires_at").map { Timestamp($0) },
            lastUsedAt: try row.optionalTimestamp("last_used_at").map { Timestamp($0) })
    }

    // MARK: Scoped

    static func insert(
        _ new: NewScopedToken, limit: Int, in session: some PostgresSession
    ) async throws -> ScopedTokenRecord? {
        guard try await hasRoom(in: "scoped_access_tokens", of: new.account, limit, session) else { return nil }
        let row = try await session.single(
            """
            insert into scoped_access_tokens (id, account, name, alias, digest, permissions, organization_slugs,
                project_refs, created_at, expires_at, maker_token, maker_scoped)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning \(scopedColumns)
            """,
            [
                .text(new.scope.tokenID), .text(new.account), .text(new.name), .text(new.alias), .text(new.digest),
                .textArray(new.scope.permissions.map(\.rawValue).sorted()),
                new.scope.organizationSlugs.map { .textArray($0.sorted()) } ?? .null,
                new.scope.projectRefs.map { .textArray($0.map(\.text).sorted()) } ?? .null,
                .timestamp(new.at.postgres), .optional(new.expiresAt?.postgres), .optional(new.maker?.number),
                .optional(new.maker?.scopedID),
            ])
        return try scopedRecord(row)
    }

    static func selectScoped(
        of account: String, in session: some PostgresSession
    ) async throws -> [ScopedTokenRecord] {
        try await session.query(
            "select \(scopedColumns) from scoped_access_tokens where account = $1 order by number desc",
            [.text(account)]
        ).map(scopedRecord)
    }

    static func deleteScoped(
        _ id: String, of account: String, in session: some PostgresSession
    ) async throws -> ScopedTokenRecord? {
        try await session.first(
            "delete from scoped_access_tokens where id = $1 and account = $2 returning \(scopedColumns)",
            [.text(id), .text(account)]
        ).map(scopedRecord)
    }

    private static func scopedRecord(_ row: PostgresRow) throws -> ScopedTokenRecord {
        let scope = try scope(row, id: "id")
        return ScopedTokenRecord(
            id: scope.tokenID, name: try row.string("name"), permissions: scope.permissions,
            alias: try row.string("alias"), organizationSlugs: scope.organizationSlugs,
            projectRefs: scope.projectRefs, createdAt: Timestamp(try row.timestamp("created_at")),
            expiresAt: try row.optionalTimestamp("expires_at").map { Timestamp($0) },
            lastUsedAt: try row.optionalTimestamp("last_used_at").map { Timestamp($0) })
    }

    /// A scope. Permissions that this version does not know allow nothing.
    static func scope(_ row: PostgresRow, id: String) throws -> TokenScope {
        let slugs = try row.bool("any_organization") ? nil : Set(try row.textArray("organization_slugs"))
        let refs =
            try row.bool("any_project") ? nil : Set(try row.textArray("project_refs").compactMap { ProjectRef($0) })
        return TokenScope(
            tokenID: try row.string(id),
            permissions: Set(try row.textArray("permissions").compactMap { Permission(rawValue: $0) }),
            organizationSlugs: slugs, projectRefs: refs)
    }

    // MARK: Use

    /// Notes a use. Skips a locked row: another request is noting a use.
    static func noteUse(
        of credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp,
        in session: some PostgresSession
    ) async throws {
        let (table, key, value): (String, String, PostgresParameter)
        switch credential {
        case .session: return
        case .accessToken(let number): (table, key, value) = ("access_tokens", "number", .int(number))
        case .scopedToken(let scope): (table, key, value) = ("scoped_access_tokens", "id", .text(scope.tokenID))
        }
        try await session.execute(
            """
            update \(table) set last_used_at = $2 where number = (
                select number from \(table)
                where \(key) = $1 and (last_used_at is null or last_used_at <= $3) for update skip locked)
            """, [value, .timestamp(time.postgres), .timestamp(earlier.postgres)])
    }
}

extension TokenMaker {
    fileprivate var number: Int64? { if case .accessToken(let number) = self { number } else { nil } }

    fileprivate var scopedID: String? { if case .scopedToken(let id) = self { id } else { nil } }
}
