import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
@testable import ManagementAPI

extension APIHost {
    /// What the installation of the tests decides about accounts.
    static let policy = IdentityPolicy(issuer: "https://manager.test/auth/v1")
}

extension APIHost {
    /// A token of a new session.
    func session(of person: Person, password: String? = nil) async throws -> String {
        let body = #"{"email":"\#(person.account.email)","password":"\#(password ?? person.password)"}"#
        let answer = try await send("POST", "/auth/v1/token?grant_type=password", body: body, token: nil)
        guard let token = try answer.json["access_token"]?.text else {
            throw HostError("\(person) could not sign in: \(answer.status)")
        }
        return token
    }
}

extension Person {
    /// Their password.
    var password: String { "correct horse \(rawValue)" }

    /// Their role in the organization `default`; strangers have none.
    var role: BaseRole? {
        switch self {
        case .owner: .owner
        case .administrator: .administrator
        case .developer: .developer
        case .readOnly: .readOnly
        case .stranger: nil
        }
    }
}

extension APIParts {
    /// Creates all accounts, with their password, their token and their role.
    func settle() async throws {
        for person in Person.allCases {
            let account = person.account
            let token = Secret(person.token)
            _ = try await identities.insert(
                NewAccount(
                    id: account.id, email: account.email, isEmailVerified: true, username: account.username,
                    passwordVerifier: Secret("plain:\(person.password)"), at: account.insertedAt))
            _ = try await identities.insert(
                NewAccessToken(
                    account: account.id, name: "test", alias: "sbp_0123...4567",
                    digest: try directory.digest(of: token), expiresAt: nil, at: account.insertedAt), limit: 10)
            if let role = person.role {
                try await directory.addMember(account.id, to: Organization.defaultSlug, as: role)
            } else {
                let elsewhere = NewOrganization(
                    slug: "elsewhere", name: "Elsewhere", owner: account.id, at: account.insertedAt)
                _ = try await identities.insert(elsewhere, limit: 10)
            }
        }
    }
}

/// Seals without encryption.
struct PlainDeviceLoginCrypto: DeviceLoginCrypto {
    func seal(token: Secret<String>, for publicKeyHex: String) throws(DeviceLoginError) -> SealedDeviceToken {
        guard publicKeyHex.hasPrefix("04") else { throw .badPublicKey }
        return SealedDeviceToken(
            publicKey: "04server", nonce: "abcdef0123456789abcdef01", ciphertext: "sealed \(token.reveal())")
    }
}
