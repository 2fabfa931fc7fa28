public import Orchestrator
import ProjectModel

/// The logins that the manager keeps, then others: what an owner of the installation stored counts before what the
/// manager's user has by `docker login`.
public struct ManagerRegistries: RegistryCredentials {
    private let logins: RegistryLogins
    private let others: any RegistryCredentials

    /// Logins of the manager, and the source for registries without one.
    public init(_ logins: RegistryLogins, then others: any RegistryCredentials) {
        self.logins = logins
        self.others = others
    }

    /// Looks the image's registry up. A login that cannot be read is an error: another one would hide that.
    public func credential(
        for image: ImageReference
    ) async throws(RegistryCredentialError) -> RegistryCredential? {
        guard let host = RegistryHost(RegistryName(of: image).host) else {
            return try await others.credential(for: image)
        }
        let own: RegistryLogins.Credential?
        do { own = try await logins.credential(at: host) } catch { throw RegistryCredentialError("\(error)") }
        guard let own else { return try await others.credential(for: image) }
        return RegistryCredential(username: own.username, secret: own.password)
    }
}
