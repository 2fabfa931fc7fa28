public import Identity
import Orchestrator
public import ProjectModel
import Synchronization

/// Cryptography that hides nothing and is quick: verifiers are the passwords, tokens come from a seed, and access
/// tokens are names of claims that this value remembers.
public final class PlainIdentityCrypto: IdentityCrypto {
    private struct State {
        var generator: SeededGenerator
        var signed: [String: AccessClaims] = [:]
        var verifications = 0
        var slowWorkInUnits = 0
        var delay: Duration = .zero
        var hashing = 0
        var hashingMost = 0
        var failure: IdentityCryptoError?
        var hashFailure: IdentityCryptoError?
    }

    private let state: Mutex<State>

    /// Cryptography from a seed; equal seeds give equal tokens.
    public init(seed: UInt64 = 1) { state = Mutex(State(generator: SeededGenerator(seed: seed))) }

    /// How often a password was verified, against nothing included.
    public var verifications: Int { state.withLock(\.verifications) }

    /// How often a password was hashed or verified in a unit of work, which holds a connection meanwhile.
    public var slowWorkInUnits: Int { state.withLock(\.slowWorkInUnits) }

    /// Passwords that were hashed at the same moment at most.
    public var hashingMost: Int { state.withLock(\.hashingMost) }

    /// Makes hashing take a while.
    public func setDelay(_ delay: Duration) { state.withLock { $0.delay = delay } }

    private func noteSlowWork() {
        if AfterCommit.isInUnit { state.withLock { $0.slowWorkInUnits += 1 } }
    }

    private func waitForHash() async throws(IdentityCryptoError) {
        let delay = state.withLock { state in
            state.hashing += 1
            state.hashingMost = max(state.hashingMost, state.hashing)
            return state.delay
        }
        defer { state.withLock { $0.hashing -= 1 } }
        guard delay > .zero else { return }
        do { try await Task.sleep(for: delay) } catch { throw IdentityCryptoError("cancelled") }
    }

    /// Makes work on passwords fail, or ends that.
    public func setFailure(_ failure: IdentityCryptoError?) { state.withLock { $0.failure = failure } }

    /// Makes work on new passwords alone fail, or ends that.
    public func setHashFailure(_ failure: IdentityCryptoError?) { state.withLock { $0.hashFailure = failure } }

    /// The password itself, with a word before it.
    public func hash(password: Secret<String>) async throws(IdentityCryptoError) -> String {
        noteSlowWork()
        try await waitForHash()
        if let failure = state.withLock({ $0.failure ?? $0.hashFailure }) { throw failure }
        return Self.verifier(of: password)
    }

    private static func verifier(of password: Secret<String>) -> String { "plain:\(password.reveal())" }

    /// Compares.
    public func verify(
        password: Secret<String>, against verifier: String?
    ) async throws(IdentityCryptoError) -> Bool {
        noteSlowWork()
        let failure = state.withLock { state in
            state.verifications += 1
            return state.failure
        }
        if let failure { throw failure }
        return verifier == Self.verifier(of: password) || verifier == "old:\(password.reveal())"
    }

    /// Outdated verifiers begin with another word.
    public func isOutdated(_ verifier: String) -> Bool { verifier.hasPrefix("old:") }

    /// The next token of the seed.
    public func token(prefix: String, bytes: Int) throws(IdentityCryptoError) -> Secret<String> {
        Secret(prefix + hexDigits(bytes * 2))
    }

    private func hexDigits(_ count: Int) -> String {
        state.withLock { state in
            String((0..<count).map { _ in Self.digits[Int(state.generator.next() % 16)] })
        }
    }

    private static let digits = Array("0123456789abcdef")

    /// Sixty-four digits that depend on the token alone. Not a cryptographic digest.
    public func digest(_ token: Secret<String>) throws(IdentityCryptoError) -> String {
        (0..<4).map { lane in
            var mixed = token.reveal().utf8.reduce(UInt64(lane) &+ 0xCBF2_9CE4_8422_2325) { hash, byte in
                (hash ^ UInt64(byte)) &* 0x100_0000_01B3
            }
            mixed = SeededGenerator(seed: mixed).first()
            let text = String(mixed, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }.joined()
    }

    /// The next UUID of the seed.
    public func uuid() throws(IdentityCryptoError) -> String {
        let all = Array(hexDigits(32))
        let groups = [all[0..<8], all[8..<12], ["4"] + all[13..<16], ["8"] + all[17..<20], all[20..<32]]
        return groups.map { String($0) }.joined(separator: "-")
    }

    /// A name for the claims.
    public func sign(_ claims: AccessClaims) throws(IdentityCryptoError) -> Secret<String> {
        let name = "plain.\(hexDigits(16)).token"
        state.withLock { $0.signed[name] = claims }
        return Secret(name)
    }

    /// The claims of a name, while they are in time.
    public func verify(accessToken: Secret<String>, at time: Timestamp) -> AccessClaims? {
        let claims = state.withLock { $0.signed[accessToken.reveal()] }
        guard let claims, time.milliseconds < claims.exp * 1_000 else { return nil }
        return claims
    }

    /// No keys.
    public var jsonWebKeySet: String { #"{"keys":[]}"# }
}

extension SeededGenerator {
    /// The first number of the seed.
    fileprivate func first() -> UInt64 {
        var copy = self
        return copy.next()
    }
}
