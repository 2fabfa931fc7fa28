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
    /// The account that the administrator's token is for.
    let administrator: Account

    /// Opens the directory, and makes the first account with the administrator's token where they are missing. The
    /// settings' e-mail address names that account when it is made, and finds none later.
    init(
        _ settings: ServeSettings, _ database: Database, _ master: MasterKey, installation: String, token: AccessToken
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

/// Removes what has expired: sessions, invitations, answers of repeated requests.
struct Housekeeping: Service {
    let directory: AccountDirectory
    let ledger: any RequestLedger
    let logger: Logger

    /// Time between two rounds.
    static let interval: Duration = .seconds(600)

    /// Time between two records of where the audit trails end.
    static let headsInterval: Duration = .seconds(86_400)
    /// Trails whose ends are recorded at most.
    static let headsMax = 10_000

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var headsAt: ContinuousClock.Instant?
            while !Task.isCancelled {
                await round()
                let now = ContinuousClock.now
                if headsAt.map({ now - $0 >= Self.headsInterval }) ?? true {
                    await recordHeads()
                    headsAt = now
                }
                do { try await Task.sleep(for: Self.interval) } catch { return }
            }
        }
    }

    /// Writes the ends of all audit trails to the log, which is kept elsewhere: whoever changes the database cannot
    /// change them there.
    private func recordHeads() async {
        do {
            for scope in try await ledger.scopes(limit: Self.headsMax) {
                let head = try await ledger.head(of: scope)
                logger.log(
                    level: head.signature == .invalid ? .error : .info,
                    head.signature == .invalid
                        ? "the stored end of an audit trail was replaced: it does not have this manager's signature"
                        : "an audit trail ends here",
                    metadata: [
                        "trail": "\(scope.text)", "end": "\(head.number):\(head.hash)",
                        "signature": "\(head.signature.rawValue)",
                    ])
            }
        } catch {
            if !Task.isCancelled {
                logger.warning("the ends of the audit trails could not be read", metadata: ["error": "\(error)"])
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
