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
}
