import Orchestrator
import ProjectModel

/// The keys of a project that clients ask for. A project with few services may lack one.
struct ClientKeys: Sendable {
    let anon: Secret<String>?
    let service: Secret<String>?
    let jwtSecret: Secret<String>?

    /// Opens a project's secrets.
    init(of record: ProjectRecord, in catalog: ProjectCatalog) async throws {
        let roles = try await catalog.stack(of: record).roles
        let secrets = try await catalog.secrets(of: record.ref)
        anon = roles.tokens[.anon].flatMap { secrets[$0] }
        service = roles.tokens[.serviceRole].flatMap { secrets[$0] }
        jwtSecret = roles.secrets[.tokenSigning].flatMap { secrets[$0] }
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
        [(TokenRole.anon, anon), (.serviceRole, service)].compactMap { role, key in key.map { (role.rawValue, $0) } }
    }
}
