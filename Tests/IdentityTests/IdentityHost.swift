import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization

/// A clock that a test moves.
final class ManualTime: TimeSource {
    private let current = Mutex(VirtualTime.beginning)

    func now() -> Timestamp { current.withLock { $0 } }

    func advance(_ seconds: Int64) { current.withLock { $0 = $0 + .seconds(seconds) } }

    func sleep(for duration: Duration) async throws { current.withLock { $0 = $0 + duration } }
}

/// A directory over doubles, with people in it.
struct IdentityHost {
    let time = ManualTime()
    let crypto = PlainIdentityCrypto()
    let projects = InMemoryProjectStore()
    let store: InMemoryIdentityStore
    let directory: AccountDirectory

    static let slug = Organization.defaultSlug
    static let password = Secret("correct horse")
    static let adminToken = Secret("sbp_" + String(repeating: "0123456789", count: 4))

    init(_ change: (inout IdentityPolicy) -> Void = { _ in }) async throws {
        var policy = IdentityPolicy(issuer: "https://manager.example.com/auth/v1")
        change(&policy)
        store = InMemoryIdentityStore(projects: projects)
        directory = AccountDirectory(store: store, crypto: crypto, time: time, policy: policy)
        try await directory.bootstrap(
            adminEmail: "owner@example.com", adminPassword: Self.password, adminToken: Self.adminToken)
    }

    /// The account of the bootstrap.
    var owner: Principal {
        get async throws { try await principal("owner@example.com") }
    }

    /// A new member with a role for the organization.
    func person(_ name: String, _ role: BaseRole? = nil) async throws -> Principal {
        let account = try await directory.createAccount(email: "\(name)@example.com", password: Self.password)
        if let role { try await directory.addMember(account.id, to: Self.slug, as: role) }
        return try await principal(account.email)
    }

    /// The principal after a sign-in.
    func principal(_ email: String) async throws -> Principal {
        let grant = try await directory.signIn(email: email, password: Self.password, from: "192.0.2.1")
        guard let principal = try await directory.principal(for: grant.accessToken) else {
            throw ContractBroken.noPrincipal
        }
        return principal
    }

    /// The same with what they are now.
    func again(_ principal: Principal) async throws -> Principal { try await self.principal(principal.account.email) }

    /// Signs up by an invitation, in the two steps that the API takes.
    func join(_ token: Secret<String>) async throws(IdentityError) -> (Account, Organization) {
        let invitation = try await directory.invitation(token)
        return try await directory.acceptInvitation(
            token, password: try await directory.verifier(of: Self.password, for: invitation))
    }

    func addProject(_ number: UInt64, in slug: String = IdentityHost.slug) async throws -> ProjectRef {
        guard let subnet = IPv4Network("10.91.\(number).0/27") else { throw ContractBroken.noSubnet }
        return try await projects.insert(
            NewProject(
                ref: .sample(number), name: try ProjectName("Project \(number)"), organizationSlug: slug,
                region: "local", cloudProvider: "AWS", services: [.db],
                leases: Leases(ports: ["PORT": UInt16(31_000 + number)], subnet: subnet),
                secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: time.now())
        ).ref
    }

    enum ContractBroken: Error { case noPrincipal, noSubnet }
}

/// What a call was refused with; nil when it was not.
func refusal<Value>(_ body: () async throws(IdentityError) -> Value) async -> IdentityError? {
    do throws(IdentityError) {
        _ = try await body()
        return nil
    } catch { return error }
}

extension IdentityError {
    var isForbidden: Bool { if case .forbidden = self { true } else { false } }
    var isConflict: Bool { if case .conflict = self { true } else { false } }
    var isInvalid: Bool { if case .invalid = self { true } else { false } }
    var isNotFound: Bool { if case .notFound = self { true } else { false } }
    var isBadEmail: Bool { if case .badEmail = self { true } else { false } }
    var isBadPassword: Bool { if case .badPassword = self { true } else { false } }
    var wait: Duration? { if case .throttled(let wait) = self { wait } else { nil } }
}
