import Dispatch
import FoundationEssentials
import Identity
import ProjectModel
import Synchronization
import Testing
import TokenKit

@testable import ProjectKeys

@Suite("Cryptography of identities")
struct IdentitySealingTests {
    private let master: MasterKey
    private let crypto: SealingIdentityCrypto
    private let sealed: [UInt8]

    init() throws {
        master = try MasterKey(KeyBytes.random(count: 32))
        sealed = try SealingIdentityCrypto.makeSigningKey(master: master, installation: "i1")
        crypto = try SealingIdentityCrypto(
            sealedSigningKey: sealed, master: master, installation: "i1", issuer: "https://api.example.com/auth/v1")
    }

    private func claims(
        issuer: String = "https://api.example.com/auth/v1", audience: String = "authenticated", email: String = "a@b.c"
    ) -> AccessClaims {
        AccessClaims(
            iss: issuer, sub: "account", aud: audience, iat: 1_000, exp: 4_600, role: "authenticated", email: email,
            sessionID: "session")
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1_000) }

    @Test("a password fits its verifier, and nothing else does")
    func passwords() async throws {
        let verifier = try await crypto.hash(password: Secret("correct horse"))
        #expect(verifier.hasPrefix("$scrypt$") && !verifier.contains("horse"))
        #expect(try await crypto.verify(password: Secret("correct horse"), against: verifier))
        #expect(try await !crypto.verify(password: Secret("correct horse "), against: verifier))
        #expect(try await !crypto.verify(password: Secret("correct horse"), against: nil))
        let long = Secret(String(repeating: "a", count: PasswordHash.maximumPasswordBytes + 1))
        #expect(try await !crypto.verify(password: long, against: verifier))
        await #expect(throws: IdentityCryptoError.self) { try await crypto.hash(password: long) }
        await #expect(throws: IdentityCryptoError.self) {
            try await crypto.verify(password: Secret("x"), against: "plain")
        }
    }

    @Test("an access token gives its claims back until it expires, to the second")
    func accessTokens() throws {
        let token = try crypto.sign(claims())
        #expect("\(token)" == "<secret>")
        #expect(crypto.verify(accessToken: token, at: at(1_000)) == claims())
        #expect(crypto.verify(accessToken: token, at: Timestamp(milliseconds: 4_599_999)) == claims())
        #expect(crypto.verify(accessToken: token, at: at(4_600)) == nil)
        for changed in [claims(issuer: "https://other.example.com/auth/v1"), claims(audience: "anon")] {
            #expect(crypto.verify(accessToken: try crypto.sign(changed), at: at(1_000)) == nil)
        }
        for text in ["", "a.b.c", token.reveal() + "A"] {
            #expect(crypto.verify(accessToken: Secret(text), at: at(1_000)) == nil)
        }
    }

    @Test("a token of more than 4 KiB is not looked at")
    func longTokens() throws {
        func token(_ count: Int) throws -> Secret<String> {
            try crypto.sign(claims(email: String(repeating: "a", count: count)))
        }
        let fitting = try token(2_600)
        #expect(fitting.reveal().utf8.count <= SealingIdentityCrypto.maximumAccessTokenBytes)
        #expect(crypto.verify(accessToken: fitting, at: at(1_000)) != nil)
        #expect(crypto.verify(accessToken: try token(3_000), at: at(1_000)) == nil)
    }

    @Test("neither an unsigned token nor one signed with the public key is accepted")
    func confusion() throws {
        let parts = try crypto.sign(claims()).reveal().split(separator: ".")
        let none = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8))
        #expect(crypto.verify(accessToken: Secret("\(none).\(parts[1])."), at: at(1_000)) == nil)
        let key = KeyBytes(Array(crypto.jsonWebKeySet.utf8))
        let forged = try HS256.mint(claims(), secret: key)
        #expect(crypto.verify(accessToken: Secret(forged), at: at(1_000)) == nil)
    }

    @Test("the published keys check what is signed; another installation's token is not accepted")
    func publicKeys() throws {
        let set = try JSONDecoder().decode(JWKSet.self, from: Data(crypto.jsonWebKeySet.utf8))
        let keys = try set.keys.map { try $0.publicKey() }
        let token = try crypto.sign(claims())
        #expect(try ES256.verify(token.reveal(), keys: keys, at: 1_000, as: AccessClaims.self) == claims())
        let other = try SealingIdentityCrypto(
            sealedSigningKey: SealingIdentityCrypto.makeSigningKey(master: master, installation: "i1"), master: master,
            installation: "i1", issuer: "https://api.example.com/auth/v1")
        #expect(other.verify(accessToken: token, at: at(1_000)) == nil)
        #expect(other.jsonWebKeySet != crypto.jsonWebKeySet)
    }

    @Test("the signing key opens with its master key and installation only, and is the same after a restart")
    func signingKey() throws {
        let again = try SealingIdentityCrypto(
            sealedSigningKey: sealed, master: master, installation: "i1", issuer: "https://api.example.com/auth/v1")
        #expect(again.jsonWebKeySet == crypto.jsonWebKeySet)
        #expect(again.verify(accessToken: try crypto.sign(claims()), at: at(1_000)) == claims())
        let other = try MasterKey(KeyBytes.random(count: 32))
        for (key, installation) in [(other, "i1"), (master, "i2")] {
            #expect(throws: ProjectKeyError.notAuthentic(name: "access token signing key")) {
                try SealingIdentityCrypto(
                    sealedSigningKey: sealed, master: key, installation: installation, issuer: "i")
            }
        }
        #expect("\(crypto)" == "SealingIdentityCrypto(https://api.example.com/auth/v1)")
    }

    @Test("opaque tokens are a prefix and hex digits; their digest is SHA-256")
    func opaqueTokens() throws {
        let token = try crypto.token(prefix: "sbp_", bytes: 20)
        #expect(token.reveal().wholeMatch(of: /sbp_[0-9a-f]{40}/) != nil)
        #expect(try crypto.token(prefix: "sbp_", bytes: 20) != token)
        #expect(
            try crypto.digest(Secret("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        for count in [-1, 0, 15, 65] {
            #expect(throws: IdentityCryptoError.self) { try crypto.token(prefix: "", bytes: count) }
        }
    }

    @Test("a UUID is one of version 4, and no two are alike")
    func uuids() throws {
        let all = try (0..<200).map { _ in try crypto.uuid() }
        #expect(Set(all).count == all.count)
        for uuid in all {
            #expect(uuid.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil)
        }
    }

    /// How many runs there are now, and were at most; each stops at a gate.
    private final class Gauge: Sendable {
        private let count = Mutex((now: 0, most: 0))
        private let gate = DispatchSemaphore(value: 0)

        var most: Int { count.withLock { $0.most } }

        func pass() {
            count.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            // Bounded so that a broken limit fails the test instead of stopping it for good.
            _ = gate.wait(timeout: .now() + 20)
            count.withLock { $0.now -= 1 }
        }

        func open(times: Int) {
            for _ in 0..<times { gate.signal() }
        }
    }

    private func isRefused(_ workers: PasswordWorkers, _ gauge: Gauge) async -> Bool {
        do throws(IdentityCryptoError) {
            try await workers.run { () throws(IdentityCryptoError) in gauge.pass() }
            return false
        } catch { return true }
    }

    @Test("at most two runs work at once, 32 wait, the next is refused, and all places are free afterwards")
    func bound() async throws {
        let workers = PasswordWorkers()
        let gauge = Gauge()
        let capacity = PasswordWorkers.maximumRunning + PasswordWorkers.maximumWaiting
        for _ in 0..<2 {
            let refused = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<(capacity + 5) { group.addTask { await isRefused(workers, gauge) } }
                // Only those that were refused can be ready before the gate opens.
                var refused = 0
                for _ in 0..<5 where await group.next() == true { refused += 1 }
                gauge.open(times: capacity)
                for await isRefused in group where isRefused { refused += 1 }
                return refused
            }
            #expect(refused == 5)
        }
        #expect(gauge.most <= PasswordWorkers.maximumRunning)
    }

    @Test("of one network eight wait or work; what it sends beyond is refused, what others send is not")
    func boundOfOne() async throws {
        let workers = PasswordWorkers()
        let gauge = Gauge()
        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<PasswordWorkers.maximumPerClient + 5 {
                group.addTask {
                    await PasswordWork.$client.withValue("192.0.2.1") { await isRefused(workers, gauge) }
                }
            }
            var refused = 0
            for _ in 0..<5 where await group.next() == true { refused += 1 }
            group.addTask {
                await PasswordWork.$client.withValue("192.0.2.2") { await isRefused(workers, gauge) }
            }
            gauge.open(times: PasswordWorkers.maximumPerClient + 1)
            for await isRefused in group where isRefused { refused += 1 }
            return refused
        }
        #expect(refused == 5)
    }

    @Test("two runs really work at once: each waits for the other")
    func parallel() async throws {
        let workers = PasswordWorkers()
        let arrivals = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        let met = await withTaskGroup(of: Bool.self) { group in
            for own in 0..<2 {
                group.addTask {
                    let isMet = try? await workers.run { () throws(IdentityCryptoError) in
                        arrivals[own].signal()
                        return arrivals[1 - own].wait(timeout: .now() + 20) == .success
                    }
                    return isMet == true
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(met)
    }

    @Test("an error of the work reaches the caller")
    func workError() async {
        let error = IdentityCryptoError("it failed")
        await #expect(throws: error) {
            try await PasswordWorkers().run { () throws(IdentityCryptoError) -> Int in throw error }
        }
    }
}
