import APIKit
import FeatureKit
import Identity
import Orchestrator

/// Everything about accounts, organizations, members and tokens, and the trails of what people did.
struct PeopleRoutes: Sendable {
    let catalog: ProjectCatalog
    let directory: AccountDirectory
    let deviceLoginCrypto: any DeviceLoginCrypto
    let units: any UnitOfWork
    let ledger: any RequestLedger
    let time: any TimeSource
    /// The program's version.
    let version: String
    let features: ServedFeatures

    var routes: [Route] { accounts + organizations + AuditController(ledger: ledger).routes }

    private var accounts: [Route] {
        let trail = SessionTrail(units: units, ledger: ledger, time: time)
        return GoTrueController(directory: directory, trail: trail, version: version).routes
            + GoTrueRefusals().routes
            + SignUpController(directory: directory, trail: trail).routes
            + ProfileController(directory: directory, features: features).routes
            + EmailConfirmationController(directory: directory).routes
            + AccessTokensController(directory: directory, time: time).routes
            + ScopedTokensController(directory: directory, catalog: catalog, time: time).routes
            + DeviceLoginController(directory: directory, crypto: deviceLoginCrypto, time: time).routes
    }

    private var organizations: [Route] {
        OrganizationsController(directory: directory).routes
            + OrganizationProjectsController(catalog: catalog).routes
            + MembersController(directory: directory).routes
            + InvitationsController(directory: directory, time: time).routes
    }
}
