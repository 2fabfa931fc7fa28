import Orchestrator
import ProjectModel

/// The keys of a project that clients ask for. A project with few services may lack one.
struct ClientKeys: Sendable {
    let anon: Secret<String>?
    let service: Secret<String>?
    let jwtSecret: Secret<String>?

    /// Opens a project's secrets.
    init(of ref: ProjectRef, in catalog: ProjectCatalog, _ configuration: ManagementAPIConfiguration) async throws {
        let secrets = try await catalog.secrets(of: ref)
        anon = secrets[configuration.anonKeyVariable]
        service = secrets[configuration.serviceKeyVariable]
        jwtSecret = secrets[configuration.jwtSecretVariable]
    }

    /// No keys, for those who may not see them.
    static let none = ClientKeys(anon: nil, service: nil, jwtSecret: nil)

    private init(anon: Secret<String>?, service: Secret<String>?, jwtSecret: Secret<String>?) {
        self.anon = anon
        self.service = service
        self.jwtSecret = jwtSecret
    }

    /// The two keys by the names that clients know them by; those that exist.
    var byRole: [(role: String, key: Secret<String>)] {
        [("anon", anon), ("service_role", service)].compactMap { role, key in key.map { (role, $0) } }
    }
}
