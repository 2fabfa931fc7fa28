package import APIKit
package import FeatureKit
package import Identity
package import Orchestrator

/// Accounts, organizations, members and tokens, and the trails of what people did.
package struct AccountsFeature: Sendable {
    private let catalog: ProjectCatalog
    private let directory: AccountDirectory
    private let deviceLoginCrypto: any DeviceLoginCrypto
    private let units: any UnitOfWork
    private let ledger: any RequestLedger
    private let time: any TimeSource
    private let version: String

    /// - Parameters:
    ///   - deviceLoginCrypto: Seals access tokens for the command line's sign-in.
    ///   - version: The program's version, as the service of sessions names it.
    package init(
        catalog: ProjectCatalog, directory: AccountDirectory, deviceLoginCrypto: any DeviceLoginCrypto,
        units: any UnitOfWork, ledger: any RequestLedger, time: any TimeSource, version: String
    ) {
        self.catalog = catalog
        self.directory = directory
        self.deviceLoginCrypto = deviceLoginCrypto
        self.units = units
        self.ledger = ledger
        self.time = time
        self.version = version
    }

    /// The routes; profiles tell which optional features are served.
    package func routes(telling features: ServedFeatures) -> [Route] {
        accounts(features) + organizations + AuditController(ledger: ledger).routes
    }

    private func accounts(_ features: ServedFeatures) -> [Route] {
        let trail = SessionTrail(units: units, ledger: ledger, time: time)
        return GoTrueController(directory: directory, trail: trail, version: version).routes
            + GoTrueRefusals().routes
            + SignUpController(directory: directory, trail: trail).routes
            + ProfileController(directory: directory, features: features).routes
            + EmailConfirmationController(directory: directory).routes
            + PasswordResetController(directory: directory).routes
            + AccessTokensController(directory: directory, time: time).routes
            + ScopedTokensController(directory: directory, catalog: catalog, time: time).routes
            + DeviceLoginController(directory: directory, crypto: deviceLoginCrypto, time: time).routes
    }

    private var organizations: [Route] {
        OrganizationsController(directory: directory).routes
            + OrganizationProjectsController(catalog: catalog).routes
            + MembersController(directory: directory).routes
            + InvitationsController(directory: directory, time: time).routes
            + ProjectMembersController(members: { try await directory.members(of: $0) }).routes
    }
}
