public import Orchestrator
public import ProjectModel
import Synchronization

/// The use cases of accounts, sessions, tokens, organizations and their members.
///
/// What needs a decision about people is decided here or in the rules beside it; a store keeps it, cryptography is a
/// port. Identifiers of accounts are UUIDs in lower case, of organizations slugs. No error quotes a secret.
///
/// Passwords are verified and hashed outside of units of work: it takes a moment, in a queue, and a unit holds a
/// connection of the database meanwhile.
public struct AccountDirectory: Sendable {
    let store: any IdentityStore
    let crypto: any IdentityCrypto
    let time: any TimeSource
    /// The installation's policy.
    public let policy: IdentityPolicy
    private let memory = DirectoryMemory()

    /// A directory. One is enough for a process: it remembers failed sign-ins.
    public init(
        store: any IdentityStore, crypto: any IdentityCrypto, time: any TimeSource = SystemTime(),
        policy: IdentityPolicy
    ) {
        self.store = store
        self.crypto = crypto
        self.time = time
        self.policy = policy
    }

    /// The public keys of access tokens as a JWK set, JSON text.
    public var jsonWebKeySet: String { crypto.jsonWebKeySet }

    /// Grows with every change of who may do what that this directory has made and stored. A principal that was read
    /// while it had another value must not be used again.
    public var generation: Int { memory.generation.load(ordering: .acquiring) }

    /// SHA-256 of a token in hex: a key for caches of principals, so that they hold no token.
    public func digest(of token: Secret<String>) throws(IdentityError) -> String {
        try sealed { () throws(IdentityCryptoError) in try crypto.digest(token) }
    }

    /// Deletes expired sessions and invitations and returns how many. To be called periodically.
    @discardableResult
    public func purge() async throws(IdentityError) -> Int {
        let now = time.now()
        return try await stored { () async throws(StoreError) in try await store.purge(at: now) }
    }
}

/// What a directory remembers between calls, and loses with its process.
final class DirectoryMemory: Sendable {
    let throttle = Mutex(LoginThrottle())
    let generation = Atomic<Int>(0)
    /// Accounts for which a signed-in session is verifying or hashing a password.
    let passwordsInHand = Mutex<Set<String>>([])
}

// MARK: - Errors and changes

extension AccountDirectory {
    func throttle<Value>(_ body: (inout LoginThrottle) -> sending Value) -> Value {
        memory.throttle.withLock { body(&$0) }
    }

    func stored<Value>(_ body: () async throws(StoreError) -> Value) async throws(IdentityError) -> Value {
        do throws(StoreError) { return try await body() } catch { throw .store(error) }
    }

    /// Like ``stored(_:)``, for what changes who may do what.
    func changing<Value>(_ body: () async throws(StoreError) -> Value) async throws(IdentityError) -> Value {
        let value = try await stored(body)
        // Inside a unit of work others see the change when the unit is stored, so it counts from then on.
        await AfterCommit.run { [memory] in _ = memory.generation.add(1, ordering: .acquiringAndReleasing) }
        return value
    }

    func sealed<Value>(_ body: () throws(IdentityCryptoError) -> Value) throws(IdentityError) -> Value {
        do throws(IdentityCryptoError) { return try body() } catch { throw .crypto(error) }
    }

    /// Runs work on a password of an account; one at a time, so that one account cannot fill the queue that every
    /// sign-in waits in.
    func alone<Value>(
        _ account: String, _ body: () async throws(IdentityError) -> Value
    ) async throws(IdentityError) -> Value {
        guard memory.passwordsInHand.withLock({ $0.insert(account).inserted }) else { throw .passwordInHand }
        defer { memory.passwordsInHand.withLock { _ = $0.remove(account) } }
        return try await body()
    }

    func hashed(_ password: Secret<String>) async throws(IdentityError) -> Secret<String> {
        let length = password.reveal().utf8.count
        guard policy.passwordBytes.contains(length) else {
            throw .badPassword(
                "it must have \(policy.passwordBytes.lowerBound) to \(policy.passwordBytes.upperBound) bytes")
        }
        do throws(IdentityCryptoError) { return Secret(try await crypto.hash(password: password)) } catch {
            throw .crypto(error)
        }
    }
}
