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
        let known = try await current(in: session)?.account
        let account: Account
        if let known { account = known } else { account = try await first(plan, of: organization, in: session) }
        try await session.execute(
            "update accounts set password_verifier = coalesce(password_verifier, $2) where id = $1",
            [.text(account.id), .optional(plan.account.passwordVerifier?.reveal())])
        try await token(plan, of: account.id, in: session)
        return account
    }

    /// Makes the first account, once: the mark says later that it was made, and its role is then what its organization
    /// has made of it. The address finds no account, as any user could have taken it.
    private static func first(
        _ plan: Bootstrap, of organization: Organization, in session: some PostgresSession
    ) async throws -> Account {
        guard let made = try await AccountRows.insert(plan.account, in: session) else {
            throw StoreError.refused(
                "there is no first account, and another account has the e-mail address \(plan.account.email) of "
                    + "SUPAMANAGER_ADMIN_EMAIL: set another address there, or appoint an account by its identifier with "
                    + "supamanager admin appoint")
        }
        try await session.execute(
            "update accounts set is_bootstrap = true, email_verified = true where id = $1", [.text(made.id)])
        try await RosterRows.assign(.owner, to: made.id, projects: [], in: organization, session: session)
        return made
    }

    static func current(in session: some PostgresSession) async throws -> AccountCredentials? {
        try await session.first(
            "select \(AccountRows.columns), a.password_verifier from accounts a where a.is_bootstrap"
        ).map(AccountRows.credentials)
    }

    /// Under the same lock as ``ensure(_:in:)``.
    static func move(to id: String, in session: some PostgresSession) async throws -> Bool {
        let organization = try await OrganizationRows.lock(Organization.defaultSlug, in: session)
        guard let organization, try await AccountRows.lock(id, in: session) else { return false }
        try await session.execute("update accounts set is_bootstrap = false where is_bootstrap")
        try await session.execute("update accounts set is_bootstrap = true where id = $1", [.text(id)])
        try await RosterRows.assign(.owner, to: id, projects: [], in: organization, session: session)
        return true
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
