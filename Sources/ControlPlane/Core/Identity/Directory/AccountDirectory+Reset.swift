import Orchestrator
import ProjectModel

/// A new password for another account, where no mail can be sent.
extension AccountDirectory {
    /// Refuses who may not give an account another password: who can do that can do all that the account may. So only an
    /// administrator of the installation may, and an owner of each organization that the account is a member of.
    ///
    /// - Throws: `notFound`, `forbidden`; also for the own account, whose password its holder changes by the old one.
    public func requireReset(of account: String, by principal: Principal) async throws(IdentityError) {
        _ = try await self.account(account)
        guard account != principal.account.id else {
            throw .forbidden("this is your own account: change its password in its profile, with the present one")
        }
        let slugs = try await stored { () async throws(StoreError) in try await store.organizations(of: account) }
        let owned = Set(
            principal.memberships.filter { $0.roles.contains(Role(.owner)) }.map(\.organizationSlug))
        guard principal.administersInstallation, slugs.isSubset(of: owned) else {
            throw .forbidden(
                "you do not own each organization of this account: on the manager's host, supamanager admin "
                    + "reset-password does it")
        }
    }
}
