import APIKit
import Identity
import Orchestrator
import ProjectModel

/// The keys of a project that clients ask for. A project with few services may lack one.
struct ClientKeys: Sendable {
    let anon: Secret<String>?
    let service: Secret<String>?
    let jwtSecret: Secret<String>?

    /// The secrets of a project that a caller with these permissions may see; only then are they opened. The keys are
    /// for those who may read API keys. The JWT secret signs tokens of every role: it is for those who may read signing
    /// keys.
    init(of record: ProjectRecord, in catalog: ProjectCatalog, for granted: Set<Permission>) async throws {
        let (seesKeys, seesSigning) = (granted.contains(.apiKeysRead), granted.contains(.signingKeysRead))
        guard seesKeys || seesSigning else {
            self = ClientKeys(anon: nil, service: nil, jwtSecret: nil)
            return
        }
        let all = try await ClientKeys(of: record, in: catalog)
        self = ClientKeys(
            anon: seesKeys ? all.anon : nil, service: seesKeys ? all.service : nil,
            jwtSecret: seesSigning ? all.jwtSecret : nil)
    }

    /// Opens a project's secrets.
    init(of record: ProjectRecord, in catalog: ProjectCatalog) async throws {
        let roles = try await catalog.stack(of: record).roles
        let secrets = try await catalog.secrets(of: record.ref)
        anon = roles.tokens[.anon].flatMap { secrets[$0] }
        service = roles.tokens[.serviceRole].flatMap { secrets[$0] }
        jwtSecret = roles.secrets[.tokenSigning].flatMap { secrets[$0] }
    }

    private init(anon: Secret<String>?, service: Secret<String>?, jwtSecret: Secret<String>?) {
        self.anon = anon
        self.service = service
        self.jwtSecret = jwtSecret
    }

    /// What of them opens the project, by the names that the audit trail knows it by. The key of the role anon is
    /// public.
    var secretNames: [String] {
        [service.map { _ in TokenRole.serviceRole.rawValue }, jwtSecret.map { _ in "jwt_secret" }].compactMap { $0 }
    }

    /// The two keys by the names that clients know them by; those that exist.
    var byRole: [(role: String, key: Secret<String>)] {
        [(TokenRole.anon, anon), (.serviceRole, service)].compactMap { role, key in key.map { (role.rawValue, $0) } }
    }
}
