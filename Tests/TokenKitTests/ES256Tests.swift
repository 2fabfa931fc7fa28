import Testing

@testable import TokenKit

@Suite("JSON Web Tokens with P-256")
struct ES256Tests {
    private struct Claims: Codable, Equatable {
        var role = "authenticated"
        var iat: Int64 = 1_000
        var exp: Int64? = 2_000
        var nbf: Int64?
    }

    private let key: ES256PrivateKey

    init() throws { key = try ES256PrivateKey.generate() }

    private var kid: String { key.publicKey.thumbprint }

    private func sign(header: String, payload: String = #"{"role":"a","iat":1}"#) throws -> String {
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return signed + "." + Base64URL.encode(try P256.sign(Array(signed.utf8), with: key))
    }

    private func verify(_ token: String, at time: Int64 = 1_500, keys: [ES256PublicKey]? = nil) throws -> Claims {
        try ES256.verify(token, keys: keys ?? [key.publicKey], at: time, as: Claims.self)
    }

    /// Key and token of RFC 7515, appendix A.3.
    private enum RFC {
        static let d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
        static let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
        static let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        static let header = "eyJhbGciOiJFUzI1NiJ9"
        static let payload =
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        static let signature =
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    }

    @Test("the signature of RFC 7515 is accepted, and its private key gives its public one")
    func rfcVector() throws {
        let raw = try #require(Base64URL.decode(RFC.d))
        let key = try ES256PrivateKey(raw: KeyBytes(raw))
        #expect(key.publicKey.jwk.x == RFC.x && key.publicKey.jwk.y == RFC.y)
        let signature = try #require(Base64URL.decode(RFC.signature))
        let signed = Array("\(RFC.header).\(RFC.payload)".utf8)
        #expect(try ES256.isSignature(signature, of: signed, by: key.publicKey))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(try !ES256.isSignature(changed, of: signed, by: key.publicKey))
        }
        #expect(try !ES256.isSignature(signature, of: signed + [0], by: key.publicKey))
        #expect(try !ES256.isSignature(signature, of: signed, by: self.key.publicKey))
        // As a token it is refused all the same, because it names no key.
        #expect(throws: TokenError.malformedToken(reason: "it names no key that is known here")) {
            try ES256.verify(
                "\(RFC.header).\(RFC.payload).\(RFC.signature)", keys: [key.publicKey], at: 1, as: Claims.self)
        }
    }

    @Test("a token says what it was minted with, in a header of exactly three members")
    func mint() throws {
        let token = try ES256.mint(Claims(), key: key)
        #expect(token.hasPrefix(Base64URL.encode(Array(#"{"alg":"ES256","kid":"\#(kid)","typ":"JWT"}"#.utf8)) + "."))
        #expect(try verify(token) == Claims())
        #expect(try #require(Base64URL.decode(token.split(separator: ".")[2])).count == ES256.signatureByteCount)
    }

    @Test("every one of many signatures has its 64 bytes and is good, whatever zeros it begins with")
    func manySignatures() throws {
        for number in 0..<600 {
            let message = Array("message \(number)".utf8)
            let signature = try P256.sign(message, with: key)
            #expect(signature.count == 64)
            #expect(try ES256.isSignature(signature, of: message, by: key.publicKey))
        }
    }

    @Test("a change of any character of a token is noticed")
    func tampering() throws {
        let token = Array(try ES256.mint(Claims(), key: key).utf8)
        for index in token.indices {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: TokenError.self) { try verify(String(decoding: changed, as: UTF8.self)) }
        }
    }

    @Test("a header is refused unless it is ES256, JWT and nothing else, even with a good signature")
    func headers() throws {
        let good = #""alg":"ES256","kid":"\#(kid)""#
        _ = try verify(sign(header: "{\(good)}"))
        _ = try verify(sign(header: #"{\#(good),"typ":"JWT"}"#))
        let bad = [
            #"{"alg":"none","kid":"\#(kid)"}"#, #"{"alg":"HS256","kid":"\#(kid)"}"#,
            #"{"alg":"es256","kid":"\#(kid)"}"#,
            #"{"alg":"ES384","kid":"\#(kid)"}"#, #"{"alg":["ES256"],"kid":"\#(kid)"}"#, #"{"kid":"\#(kid)"}"#,
            #"{"alg":"ES256"}"#, #"{"alg":"ES256","kid":""}"#, #"{"alg":"ES256","kid":"\#(kid)x"}"#,
            #"{"alg":"ES256","kid":null}"#, #"{\#(good),"typ":"jwt"}"#, #"{\#(good),"typ":"at+jwt"}"#,
            #"{\#(good),"crit":["b64"]}"#, #"{\#(good),"crit":"b64"}"#, #"{\#(good),"b64":"false"}"#,
            #"{\#(good),"jku":"https://example.com"}"#, #"{\#(good),"jwk":{"kty":"EC"}}"#, #"{\#(good),"x5u":"a"}"#,
            #"{\#(good),"zip":"DEF"}"#, "[]", "ES256", "",
        ]
        for header in bad {
            #expect(throws: TokenError.self, "\(header)") { try verify(sign(header: header)) }
        }
    }

    @Test("the public key used as HMAC secret signs nothing")
    func confusion() throws {
        let secrets = [key.publicKey.x963, Array(try JWKSet([key.publicKey]).json().utf8), Array(kid.utf8)]
        for secret in secrets {
            for algorithm in ["HS256", "ES256"] {
                let header = Base64URL.encode(Array(#"{"alg":"\#(algorithm)","kid":"\#(kid)"}"#.utf8))
                let signed = header + "." + Base64URL.encode(Array(#"{"role":"a","iat":1}"#.utf8))
                let tag = try Digest.hmacSHA256(Array(signed.utf8), key: KeyBytes(secret))
                for signature in [tag, tag + tag] {
                    #expect(throws: TokenError.self) { try verify(signed + "." + Base64URL.encode(signature)) }
                }
            }
        }
    }

    @Test("a signature in DER, empty, too long, of zeros or out of range is refused")
    func signatureForms() throws {
        let parts = try ES256.mint(Claims(), key: key).split(separator: ".").map(String.init)
        let raw = try #require(Base64URL.decode(parts[2]))
        func der(_ half: ArraySlice<UInt8>) -> [UInt8] {
            let digits = Array(half.drop { $0 == 0 })
            let body = (digits.first ?? 0) > 127 ? [0] + digits : digits
            return [2, UInt8(body.count)] + body
        }
        let numbers = der(raw.prefix(32)) + der(raw.suffix(32))
        let order = try #require(Hex.decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"))
        let zeros = [UInt8](repeating: 0, count: 32)
        let bad: [[UInt8]] = [
            [0x30, UInt8(numbers.count)] + numbers, [], Array(raw.dropLast()), raw + [0], [0] + raw, zeros + zeros,
            zeros + raw.suffix(32), raw.prefix(32) + zeros, order + raw.suffix(32), raw.prefix(32) + order,
            [UInt8](repeating: 255, count: 64),
        ]
        for signature in bad {
            #expect(throws: TokenError.invalidSignature) {
                try verify("\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))")
            }
        }
    }

    @Test("exp and nbf are checked to the second, with the leeway given")
    func times() throws {
        let token = try ES256.mint(Claims(exp: 2_000, nbf: 1_000), key: key)
        func check(at time: Int64, leeway: Int64 = 0) throws {
            _ = try ES256.verify(
                token, keys: [key.publicKey], at: time, leewaySeconds: leeway, as: Claims.self)
        }
        try check(at: 1_000)
        try check(at: 1_999)
        #expect(throws: TokenError.notYetValid) { try check(at: 999) }
        #expect(throws: TokenError.expired) { try check(at: 2_000) }
        try check(at: 990, leeway: 10)
        try check(at: 2_009, leeway: 10)
        #expect(throws: TokenError.expired) { try check(at: 2_010, leeway: 10) }
    }

    @Test("a token is checked with the key it names, among several")
    func severalKeys() throws {
        let other = try ES256PrivateKey.generate()
        let both = [other.publicKey, key.publicKey]
        #expect(try verify(ES256.mint(Claims(), key: key), keys: both) == Claims())
        #expect(try verify(ES256.mint(Claims(), key: other), keys: both) == Claims())
        #expect(throws: TokenError.self) { try verify(ES256.mint(Claims(), key: other)) }
        #expect(throws: TokenError.self) { try verify(ES256.mint(Claims(), key: key), keys: []) }
        let liar = Base64URL.encode(Array(#"{"alg":"ES256","kid":"\#(other.publicKey.thumbprint)"}"#.utf8))
        let signed = liar + ".e30"
        let token = signed + "." + Base64URL.encode(try P256.sign(Array(signed.utf8), with: key))
        #expect(throws: TokenError.invalidSignature) { try verify(token, keys: both) }
    }

    @Test("what is no token, or longer than allowed, is refused")
    func garbage() throws {
        for token in ["", ".", "..", "...", "a.b", "a.b.c.d", "e30.e30.e30=", "💥.💥.💥"] {
            #expect(throws: TokenError.self) { try verify(token) }
        }
        let token = try ES256.mint(Claims(), key: key)
        let length = token.utf8.count
        _ = try ES256.verify(token, keys: [key.publicKey], at: 1, maximumBytes: length, as: Claims.self)
        #expect(throws: TokenError.malformedToken(reason: "it is too long")) {
            try ES256.verify(token, keys: [key.publicKey], at: 1, maximumBytes: length - 1, as: Claims.self)
        }
        let long = Claims(role: String(repeating: "a", count: ES256.maximumTokenBytes))
        #expect(throws: TokenError.self) { try ES256.mint(long, key: key) }
    }
}
