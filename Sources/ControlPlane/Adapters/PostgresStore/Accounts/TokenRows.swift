import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `access_tokens` and `scoped_access_tokens`. They are two because a manager of an earlier version may
/// read and write them while this one runs; the second has the columns of a scope besides.
enum TokenRows {
    private static func columns(_ kind: TokenKind) -> String {
        let common = "number, name, alias, created_at, expires_at, last_used_at"
        switch kind {
        case .personal: return common
        case .scoped:
            return """
                \(common), id, permissions, coalesce(organization_slugs, '{}') as organization_slugs,
                organization_slugs is null as any_organization, coalesce(project_refs, '{}') as project_refs,
                project_refs is null as any_project
                """
        }
    }

    static func insert(
        _ new: NewAccessToken, limit: Int, in session: some PostgresSession
    ) async throws -> AccessTokenRecord? {
        guard try await hasRoom(for: new, limit, session) else { return nil }
        var names = ["account", "name", "alias", "digest", "created_at", "expires_at", "maker_token"]
        var values: [PostgresParameter] = [
            .text(new.account), .text(new.name), .text(new.alias), .text(new.digest), .timestamp(new.at.postgres),
            .optional(new.expiresAt?.postgres), .optional(new.maker?.number),
        ]
        if let scope = new.scope {
            names += ["maker_scoped", "id", "permissions", "organization_slugs", "project_refs"]
            values += [
                .optional(new.maker?.scopedID), .text(scope.tokenID),
                .textArray(scope.permissions.map(\.rawValue).sorted()),
                scope.organizationSlugs.map { .textArray($0.sorted()) } ?? .null,
                scope.projectRefs.map { .textArray($0.map(\.text).sorted()) } ?? .null,
            ]
        }
        let places = (1...names.count).map { "$\($0)" }.joined(separator: ", ")
        let row = try await session.single(
            """
            insert into \(new.kind.table) (\(names.joined(separator: ", "))) values (\(places))
            returning \(columns(new.kind))
            """, values)
        return try record(row, new.kind)
    }

    private static func hasRoom(
        for new: NewAccessToken, _ limit: Int, _ session: some PostgresSession
    ) async throws -> Bool {
        guard try await AccountRows.lock(new.account, in: session) else { return false }
        let row = try await session.single(
            "select count(*) as count from \(new.kind.table) where account = $1", [.text(new.account)])
        return try row.int("count") < limit
    }

    static func select(
        _ kind: TokenKind, of account: String, in session: some PostgresSession
    ) async throws -> [AccessTokenRecord] {
        try await session.query(
            "select \(columns(kind)) from \(kind.table) where account = $1 order by number desc", [.text(account)]
        ).map { try record($0, kind) }
    }

    static func delete(
        _ key: TokenKey, of account: String, in session: some PostgresSession
    ) async throws -> AccessTokenRecord? {
        try await session.first(
            "delete from \(key.row) and account = $2 returning \(columns(key.kind))", [key.parameter, .text(account)]
        ).map { try record($0, key.kind) }
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

    private static func record(_ row: PostgresRow, _ kind: TokenKind) throws -> AccessTokenRecord {
        AccessTokenRecord(
            number: try row.int64("number"), name: try row.string("name"), alias: try row.string("alias"),
            scope: kind == .scoped ? try scope(row, id: "id") : nil,
            createdAt: Timestamp(try row.timestamp("created_at")),
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

    /// Notes a use. Skips a locked row: another request is noting a use.
    static func noteUse(
        of credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp,
        in session: some PostgresSession
    ) async throws {
        guard let key = TokenKey(credential) else { return }
        try await session.execute(
            """
            update \(key.kind.table) set last_used_at = $2 where number = (
                select number from \(key.row) and (last_used_at is null or last_used_at <= $3) for update skip locked)
            """, [key.parameter, .timestamp(time.postgres), .timestamp(earlier.postgres)])
    }
}

extension TokenKind {
    var table: String {
        switch self {
        case .personal: "access_tokens"
        case .scoped: "scoped_access_tokens"
        }
    }
}

extension TokenKey {
    /// The row of the token, whose ``parameter`` is the first of the statement.
    var row: String {
        switch self {
        case .accessToken: "\(kind.table) where number = $1"
        case .scopedToken: "\(kind.table) where id = $1"
        }
    }

    var parameter: PostgresParameter {
        switch self {
        case .accessToken(let number): .int(number)
        case .scopedToken(let id): .text(id)
        }
    }

    fileprivate var number: Int64? { if case .accessToken(let number) = self { number } else { nil } }

    fileprivate var scopedID: String? { if case .scopedToken(let id) = self { id } else { nil } }
}
