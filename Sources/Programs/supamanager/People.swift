import APIKit
import Accounts
import Identity
import Installation
import ManagementAPI
import Orchestrator
import PostgresStore
import ProjectKeys
import ProjectModel
import TokenKit

/// Accounts, organizations and tokens of this installation.
struct People {
    let directory: AccountDirectory
    /// The account that the administrator's token is for.
    let administrator: Account

    /// Opens the directory, and makes the first account with the administrator's token where they are missing. The
    /// settings' e-mail address names that account when it is made, and finds none later.
    init(
        settings: ServeSettings, database: Database, master: MasterKey, installation: String, token: AccessToken
    ) async throws {
        directory = try await Self.directory(
            database, master, installation: installation, issuer: settings.publicURL + "/auth/v1",
            isSignUpOpen: settings.isSignUpOpen, adminEmail: settings.adminEmail)
        administrator = try await directory.bootstrap(
            adminEmail: settings.adminEmail, adminPassword: settings.adminPassword, adminToken: token.text)
    }

    /// The directory on a database; makes the key that signs access tokens where there is none.
    static func directory(
        _ database: Database, _ master: MasterKey, installation: String, issuer: String, isSignUpOpen: Bool,
        adminEmail: String
    ) async throws -> AccountDirectory {
        let sealed = try await InstallationRow.signingKey(
            orStore: { try SealingIdentityCrypto.makeSigningKey(master: master, installation: installation) },
            in: database.pool)
        let crypto = try SealingIdentityCrypto(
            sealedSigningKey: sealed, master: master, installation: installation, issuer: issuer)
        return AccountDirectory(
            store: PostgresIdentityStore(pool: database.pool), crypto: crypto,
            policy: IdentityPolicy(
                issuer: issuer, isSignUpOpen: isSignUpOpen, reservedEmails: [adminEmail.lowercased()]))
    }
}

/// Seals access tokens for the command line's sign-in with libcrypto.
struct ECDHDeviceLogin: DeviceLoginCrypto {
    func seal(token: Secret<String>, for publicKeyHex: String) throws(DeviceLoginError) -> SealedDeviceToken {
        do throws(TokenError) {
            let message = try ECDH.encrypt(Array(token.reveal().utf8), for: publicKeyHex)
            return SealedDeviceToken(
                publicKey: message.publicKey, nonce: message.nonce, ciphertext: message.cipherText)
        } catch {
            if case .invalidArgument = error { throw .badPublicKey }
            throw .failed("\(error)")
        }
    }
}
