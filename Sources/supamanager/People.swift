import Identity
import Logging
import ManagementAPI
import Orchestrator
import PostgresStore
import ProjectKeys
import ProjectModel
import ServiceLifecycle
import TokenKit

/// Accounts, organizations and tokens of this installation.
struct People {
    let directory: AccountDirectory

    /// Opens the directory, and makes the first account with the administrator's token where they are missing.
    init(
        _ settings: ServeSettings, _ database: Database, _ master: MasterKey, installation: String, token: AccessToken
    ) async throws {
        directory = try await Self.directory(
            database, master, installation: installation, issuer: settings.publicURL + "/auth/v1",
            isSignUpOpen: settings.isSignUpOpen)
        try await directory.bootstrap(
            adminEmail: settings.adminEmail, adminPassword: settings.adminPassword, adminToken: token.text)
    }

    /// The directory on a database; makes the key that signs access tokens where there is none.
    static func directory(
        _ database: Database, _ master: MasterKey, installation: String, issuer: String, isSignUpOpen: Bool
    ) async throws -> AccountDirectory {
        let sealed = try await InstallationRow.signingKey(
            orStore: { try SealingIdentityCrypto.makeSigningKey(master: master, installation: installation) },
            in: database.pool)
        let crypto = try SealingIdentityCrypto(
            sealedSigningKey: sealed, master: master, installation: installation, issuer: issuer)
        return AccountDirectory(
            store: PostgresIdentityStore(pool: database.pool), crypto: crypto,
            policy: IdentityPolicy(issuer: issuer, isSignUpOpen: isSignUpOpen))
    }
}

/// Removes what has expired: sessions, invitations, answers of repeated requests.
struct Housekeeping: Service {
    let directory: AccountDirectory
    let ledger: any RequestLedger
    let logger: Logger

    /// Time between two rounds.
    static let interval: Duration = .seconds(600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await round()
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    private func round() async {
        do {
            let old = SystemTime().now() + .seconds(-IdempotencyKey.lifetime.components.seconds)
            _ = try await ledger.expire(before: old)
            try await directory.purge()
        } catch {
            if !Task.isCancelled {
                logger.warning("what has expired could not be removed", metadata: ["error": "\(error)"])
            }
        }
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
