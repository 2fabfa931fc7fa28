import Testing

@testable import TokenKit

@Suite("JSON Web Tokens")
struct HS256Tests {
    private struct Claims: Codable, Equatable {
        var role = "anon"
        var iat: Int64 = 1_000
        var exp: Int64?
        var nbf: Int64?
    }

    private let secret = KeyBytes(Array("a secret of at least thirty-two bytes".utf8))

    private func sign(header: String, payload: String) throws -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return signed + "." + Base64URL.encode(try Digest.hmacSHA256(Array(signed.utf8), key: secret))
    }

    /// The token of RFC 7515, appendix A.1.
    @Test("the token of RFC 7515 is accepted before its expiry and with its key only")
    func rfcVector() throws {
        struct Joe: Decodable { let iss: String }
        let key = try #require(
            Base64URL.decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"))
        let token =
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        let joe = try HS256.verify(token, secret: KeyBytes(key), at: 1_300_819_379, as: Joe.self)
        #expect(joe.iss == "joe")
        #expect(throws: TokenError.expired) {
            try HS256.verify(token, secret: KeyBytes(key), at: 1_300_819_380, as: Joe.self)
        }
        #expect(throws: TokenError.invalidSignature) {
            try HS256.verify(token, secret: secret, at: 1_300_819_379, as: Joe.self)
        }
    }

    @Test("a token says what it was minted with, and the same claims give the same token")
    func mint() throws {
        let claims = Claims(exp: 2_000)
        let token = try HS256.mint(claims, secret: secret)
        #expect(try HS256.mint(claims, secret: secret) == token)
        #expect(token.hasPrefix(Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8)) + "."))
        #expect(try HS256.verify(token, secret: secret, at: 1_500, as: Claims.self) == claims)
    }

    @Test("exp and nbf are checked to the second, with the leeway given")
    func times() throws {
        let token = try HS256.mint(Claims(exp: 2_000, nbf: 1_000), secret: secret)
        func verify(at time: Int64, leeway: Int64 = 0) throws {
            _ = try HS256.verify(token, secret: secret, at: time, leewaySeconds: leeway, as: Claims.self)
        }
        try verify(at: 1_000)
        try verify(at: 1_999)
        #expect(throws: TokenError.notYetValid) { try verify(at: 999) }
        #expect(throws: TokenError.expired) { try verify(at: 2_000) }
        try verify(at: 990, leeway: 10)
        try verify(at: 2_009, leeway: 10)
        #expect(throws: TokenError.expired) { try verify(at: 2_010, leeway: 10) }
    }

    @Test("a change of any character of a token is noticed")
    func tampering() throws {
        let token = Array(try HS256.mint(Claims(), secret: secret).utf8)
        for index in token.indices {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: TokenError.self) {
                try HS256.verify(
                    String(decoding: changed, as: UTF8.self), secret: secret, at: 1_500, as: Claims.self)
            }
        }
    }

    @Test(
        "no other algorithm is accepted, even with a valid signature",
        arguments: [
            #"{"alg":"none"}"#, #"{"alg":"None"}"#, #"{"alg":"HS512"}"#, #"{"alg":"RS256"}"#, #"{"alg":"hs256"}"#,
            #"{"typ":"JWT"}"#, #"{"alg":["HS256"]}"#, #"{"alg":"HS256","crit":["b64"]}"#, "[]", "HS256", "",
        ])
    func algorithms(header: String) throws {
        let token = try sign(header: header, payload: #"{"role":"anon","iat":1}"#)
        #expect(throws: TokenError.self) { try HS256.verify(token, secret: secret, at: 1, as: Claims.self) }
    }

    @Test("a token without a signature is not accepted")
    func unsigned() throws {
        let token = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8)) + ".e30."
        #expect(throws: TokenError.self) { try HS256.verify(token, secret: secret, at: 1, as: Claims.self) }
        let parts = try HS256.mint(Claims(), secret: secret).split(separator: ".")
        #expect(throws: TokenError.invalidSignature) {
            try HS256.verify("\(parts[0]).\(parts[1]).", secret: secret, at: 1, as: Claims.self)
        }
    }

    @Test("times that are no numbers are refused, not ignored", arguments: [#""9999""#, "true", "[]", "1e999"])
    func strangeTimes(value: String) throws {
        let token = try sign(header: #"{"alg":"HS256"}"#, payload: #"{"role":"anon","iat":1,"exp":\#(value)}"#)
        #expect(throws: TokenError.self) { try HS256.verify(token, secret: secret, at: 1, as: Claims.self) }
    }

    @Test("what is no token is refused", arguments: ["", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30.e30=", "💥.💥.💥"])
    func garbage(token: String) {
        #expect(throws: TokenError.self) { try HS256.verify(token, secret: secret, at: 1, as: Claims.self) }
    }

    @Test("tokens and secrets outside the limits are refused")
    func limits() throws {
        let long = String(repeating: "a", count: HS256.maximumTokenBytes)
        #expect(throws: TokenError.malformedToken(reason: "it is too long")) {
            try HS256.verify(long + ".e30.e30", secret: secret, at: 1, as: Claims.self)
        }
        #expect(throws: TokenError.self) { try HS256.mint(Claims(role: long), secret: secret) }
        let short = KeyBytes(Array("thirty-one bytes are not enough".utf8))
        #expect(short.count == 31)
        #expect(throws: TokenError.self) { try HS256.mint(Claims(), secret: short) }
    }
}
