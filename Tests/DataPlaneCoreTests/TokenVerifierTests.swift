import Testing
import TokenKit

@testable import DataPlaneCore

@Suite("Tokens of clients")
struct TokenVerifierTests {
    private struct Claims: Encodable {
        var role = "r"
        var exp: Double?
        var nbf: Double?
        var iat: Double?
        var aud: [String]?
    }

    private static let secret = "thirty-two characters of a secret"

    private func verifier(audience: String? = nil) throws -> TokenVerifier {
        TokenVerifier(keys: try TokenVerifier.keys(secret: Self.secret, isBase64: false), audience: audience)
    }

    private func mint(_ claims: Claims) throws -> String {
        try HS256.mint(claims, secret: KeyBytes(Array(Self.secret.utf8)))
    }

    @Test("times count with half a minute of leeway, on every use of a token")
    func times() throws {
        let verifier = try verifier()
        let token = try mint(Claims(exp: 1_000))
        #expect(try verifier.claims(of: token, at: 900)["role"] == .string("r"))
        #expect(try verifier.claims(of: token, at: 1_029)["role"] == .string("r"))
        #expect(throws: TokenRefusal.expired) { try verifier.claims(of: token, at: 1_031) }
        #expect(throws: TokenRefusal.notYetValid) { try verifier.claims(of: mint(Claims(nbf: 100)), at: 50) }
        #expect(throws: TokenRefusal.issuedInFuture) { try verifier.claims(of: mint(Claims(iat: 100)), at: 50) }
    }

    @Test("an audience is one of a list, and an empty list accepts none")
    func audience() throws {
        let verifier = try verifier(audience: "us")
        #expect(throws: TokenRefusal.audience) { try verifier.claims(of: mint(Claims(aud: ["them"])), at: 0) }
        _ = try verifier.claims(of: mint(Claims(aud: ["them", "us"])), at: 0)
        _ = try verifier.claims(of: mint(Claims(aud: [])), at: 0)
        _ = try verifier.claims(of: mint(Claims()), at: 0)
    }

    @Test("the key decides about the algorithm")
    func algorithms() throws {
        let key = try ES256PrivateKey.generate()
        let verifier = TokenVerifier(keys: [.ellipticCurve(key.publicKey)], audience: nil)
        _ = try verifier.claims(of: ES256.mint(Claims(), key: key), at: 0)
        let confused = try HS256.mint(Claims(), secret: KeyBytes(key.publicKey.x963))
        #expect(throws: TokenRefusal.noSuitableKey) { try verifier.claims(of: confused, at: 0) }
        let other = try ES256.mint(Claims(), key: .generate())
        #expect(throws: TokenRefusal.noSuitableKey) { try verifier.claims(of: other, at: 0) }
        #expect(throws: TokenRefusal.noKeys) { try TokenVerifier(keys: [], audience: nil).claims(of: other, at: 0) }
    }

    @Test("one changed bit anywhere ends a token")
    func changes() throws {
        let verifier = try verifier()
        let token = Array(try mint(Claims()).utf8)
        for index in token.indices where token[index] != UInt8(ascii: ".") {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            let text = String(decoding: changed, as: UTF8.self)
            #expect(throws: TokenRefusal.self) { try verifier.claims(of: text, at: 0) }
        }
    }

    @Test(
        "secrets that are too short, no base64, or no key are refused at the start",
        arguments: [
            ("short", false), ("not base64 at all, but long enough!", true),
            (#"{"kty":"RSA","n":"AQ","e":"AQAB"}"#, false),
            (#"{"kty":"EC","crv":"P-384"}"#, false), (#"{"kty":"oct","k":"AA"}"#, false), (#"{}"#, false),
        ])
    func badKeys(secret: String, isBase64: Bool) {
        #expect(throws: TokenKeyError.self) { try TokenVerifier.keys(secret: secret, isBase64: isBase64) }
    }

    @Test("many tokens at once are all judged, and the memory of them stays bounded")
    func many() throws {
        let verifier = try verifier()
        for number in 0..<(TokenVerifier.cachedTokensMax * 2) {
            _ = try verifier.claims(of: mint(Claims(exp: Double(10_000 + number))), at: 0)
        }
    }
}
