import Identity
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL that makes sure of the first account.
enum BootstrapRows {
    static func ensure(_ plan: Bootstrap, in session: some PostgresSession) async throws -> Account {
        // The row of the default organization is the lock: managers that start at the same time take turns.
        guard
            let organization = try await OrganizationRows.lock(Organization.defaultSlug, in: session)
        else { throw StoreError.refused("the default organization is missing: restore its row in organizations") }
        let account = try await account(plan, in: session)
        try await session.execute(
            "update accounts set is_bootstrap = false where is_bootstrap and id <> $1", [.text(account.id)])
        try await session.execute(
            """
            update accounts set is_bootstrap = true, password_verifier = coalesce(password_verifier, $2)
            where id = $1
            """, [.text(account.id), .optional(plan.account.passwordVerifier?.reveal())])
        try await RosterRows.assign(account.id, .owner, [], in: organization, session)
        try await token(plan, of: account.id, in: session)
        return account
    }

    private static func account(_ plan: Bootstrap, in session: some PostgresSession) async throws -> Account {
        let known = try await session.first(
            """
            select \(AccountRows.columns) from accounts a where a.email = $1 or a.is_bootstrap
            order by (a.email = $1) desc limit 1
            """, [.text(plan.account.email)])
        if let known { return try AccountRows.account(known) }
        guard let made = try await AccountRows.insert(plan.account, in: session) else {
            throw StoreError.unavailable("the first account was made by somebody else at the same moment: start again")
        }
        return made
    }

    private static func token(_ plan: Bootstrap, of account: String, in session: some PostgresSession) async throws {
        try await session.execute(
            "delete from access_tokens where is_bootstrap and (digest <> $1 or account <> $2)",
            [.text(plan.tokenDigest), .text(account)])
        try await session.execute(
            """
            insert into access_tokens as t (account, name, alias, digest, is_bootstrap, created_at)
            values ($1, $2, $3, $4, true, $5)
            on conflict (digest) do update set is_bootstrap = true, account = $1, expires_at = null
            """,
            [
                .text(account), .text(plan.tokenName), .text(plan.tokenAlias), .text(plan.tokenDigest),
                .timestamp(plan.account.at.postgres),
            ])
    }
}
