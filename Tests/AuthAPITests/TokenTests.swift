import DataPlaneCore
import PasswordKit
import Testing
import TokenKit

@testable import AuthAPI

@Suite("Tokens of the AUTH API")
struct TokenTests {
    static let secret = "37c304f8-51aa-419a-a1af-06154e63707a"
    private static let session = "11111111-2222-4333-8444-555555555555"
    private let key = KeyBytes([UInt8](repeating: 7, count: 32))

    @Test("refresh tokens are read back", arguments: [0, 1, 127, 128, 300, Int64(1) << 40])
    func refreshTokensAreReadBack(_ counter: Int64) throws {
        let text = try RefreshToken.text(session: Self.session, counter: counter, key: key)
        let token = try #require(RefreshToken(text))
        #expect(token.session == Self.session && token.counter == counter)
        #expect(try token.isSigned(by: key))
        #expect(try !token.isSigned(by: KeyBytes([UInt8](repeating: 8, count: 32))))
    }

    @Test("a changed refresh token is none")
    func aChangedRefreshTokenIsNone() throws {
        let text = try RefreshToken.text(session: Self.session, counter: 5, key: key)
        for index in text.indices {
            var changed = text
            changed.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(RefreshToken(changed) == nil)
        }
        for other in ["", "abc", String(repeating: "A", count: 300), text + "AAAA"] {
            #expect(RefreshToken(other) == nil)
        }
    }

    @Test("how a refresh token is answered")
    func refreshDecision() {
        func decide(_ token: Int64, _ session: Int64, since: Double?) -> RefreshDecision {
            RefreshDecision(token: token, session: session, secondsSinceRefresh: since, reuseSeconds: 10)
        }
        #expect(decide(3, 3, since: 100) == .next)
        #expect(decide(2, 3, since: 3_600) == .current)
        #expect(decide(1, 3, since: 9) == .current)
        #expect(decide(1, 3, since: 10) == .reused)
        #expect(decide(1, 3, since: nil) == .reused)
        #expect(decide(4, 3, since: 1) == .notIssued)
    }

    @Test("tokens of the older form move a session once")
    func tokensOfTheOlderFormMove() {
        let token = LegacyRefreshToken(
            session: "s", isRevoked: true, ageSeconds: 3_600, isParentOfActive: false, isNewest: true)
        #expect(!token.isAccepted(sessionCounter: nil, reuseSeconds: 10))
        #expect(token.isAccepted(sessionCounter: 0, reuseSeconds: 10))
        #expect(!token.isAccepted(sessionCounter: 1, reuseSeconds: 10))
        var older = token
        older.isNewest = false
        #expect(!older.isAccepted(sessionCounter: 0, reuseSeconds: 10))
        var fresh = token
        fresh.isRevoked = false
        #expect(fresh.isAccepted(sessionCounter: nil, reuseSeconds: 0))
    }

    // MARK: Keys

    private static let ecKey = #"""
        [{"kty":"EC","crv":"P-256","kid":"one","key_ops":["sign","verify"],
          "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
          "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}]
        """#

    @Test("the secret signs where no key does")
    func theSecretSignsWhereNoKey() throws {
        let keys = try SigningKeys(secret: Self.secret, keyID: "main", keys: nil)
        let token = try keys.token(.object([.init("sub", .string("x"))]))
        let verifier = TokenVerifier(keys: keys.verifying, audience: nil)
        #expect(try verifier.claims(of: token, at: 0)["sub"] == .string("x"))
        #expect(keys.published.isEmpty)
        let header = try #require(Base64URL.decode(token.prefix { $0 != "." }))
        #expect(try JSONText(header)["kid"] == .string("main"))
    }

    @Test("a key of the set signs, and the secret still checks")
    func aKeyOfTheSetSigns() throws {
        let keys = try SigningKeys(secret: Self.secret, keyID: nil, keys: Self.ecKey)
        let verifier = TokenVerifier(keys: keys.verifying, audience: nil)
        let token = try keys.token(.object([.init("sub", .string("x"))]))
        #expect(try verifier.claims(of: token, at: 0)["sub"] == .string("x"))
        let old = try SigningKeys(secret: Self.secret, keyID: nil, keys: nil).token(.object([]))
        _ = try verifier.claims(of: old, at: 0)
        #expect(keys.published.count == 1)
        #expect(keys.published[0]["d"] == nil && keys.published[0]["kid"] == .string("one"))
    }

    @Test(
        "a set that cannot sign is refused",
        arguments: [
            "{}", "[1]", #"[{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE","key_ops":["verify"]}]"#,
            #"[{"kty":"oct","k":"YQ","key_ops":["sign"]}]"#,
        ])
    func aSetThatCannotSignIs(_ keys: String) {
        #expect(throws: SigningKeyError.self) { try SigningKeys(secret: Self.secret, keyID: nil, keys: keys) }
    }

    @Test("secrets are never published")
    func secretsAreNeverPublished() throws {
        let oct = #"[{"kty":"oct","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE","key_ops":["sign","verify"]}]"#
        #expect(try SigningKeys(secret: Self.secret, keyID: nil, keys: oct).published.isEmpty)
        #expect(throws: SigningKeyError.self) { try SigningKeys(secret: "short", keyID: nil, keys: nil) }
    }

    // MARK: Codes

    @Test("a code fits its address and its hash")
    func aCodeFitsItsAddressAnd() throws {
        let code = try OneTimeCode(address: "a@b.example", length: 6, isPKCE: true, key: key)
        #expect(code.digits.count == 6 && code.hash.hasPrefix("pkce_") && code.hash.count == 5 + 56)
        #expect(try OneTimeCode.isCode(code.digits, address: "a@b.example", stored: code.hash, key: key))
        #expect(try !OneTimeCode.isCode(code.digits, address: "c@b.example", stored: code.hash, key: key))
        #expect(try !OneTimeCode.isCode("", address: "a@b.example", stored: "", key: key))
        #expect(try !OneTimeCode.isCode(code.digits, address: "a@b.example", stored: nil, key: key))
    }

    // MARK: Errors

    @Test("errors come in two forms")
    func errorsComeInTwoForms() {
        let error = AuthError.invalidCredentials
        let old = error.response(APIVersion(header: nil))
        #expect(
            String(decoding: old.body, as: UTF8.self)
                == #"{"code":400,"error_code":"invalid_credentials","msg":"Invalid login credentials"}"#)
        let new = error.response(APIVersion(header: "2024-01-01"))
        #expect(
            String(decoding: new.body, as: UTF8.self)
                == #"{"code":"invalid_credentials","message":"Invalid login credentials"}"#)
        #expect(new.headers.contains { $0.name == "X-Supabase-Api-Version" && $0.value == "2024-01-01" })
        for header in [nil, "", "2023-12-31", "soon", "2024-1-1", "2024-01-01x"] {
            #expect(APIVersion(header: header) == .initial)
        }
        #expect(APIVersion(header: "2026-05-01") == .v2024)
    }

    @Test("weak passwords name their reasons, OAuth has a form of its own")
    func weakPasswordsNameTheirReasonsOAuth() {
        var weak = AuthError(422, code: "weak_password", message: "x")
        weak.weaknesses = [.length]
        #expect(
            String(decoding: weak.response(.v2024).body, as: UTF8.self)
                == #"{"code":"weak_password","message":"x","weak_password":{"reasons":["length"]}}"#)
        let oauth = AuthError.oauth("invalid_request", "refresh_token required").response(.v2024)
        #expect(
            String(decoding: oauth.body, as: UTF8.self)
                == #"{"error":"invalid_request","error_description":"refresh_token required"}"#)
    }

    // MARK: Routes

    @Test("routes are found by method and path")
    func routesAreFoundByMethodAnd() throws {
        func route(_ method: String, _ path: String) throws -> AuthRoute {
            try AuthRoute(method: method, segments: path.split(separator: "/").map(String.init))
        }
        #expect(try route("POST", "/signup") == .signup)
        #expect(try route("DELETE", "/factors/x") == .deleteFactor("x"))
        #expect(try route("PUT", "/admin/users/u/factors/f") == .updateAdminFactor(user: "u", factor: "f"))
        #expect(try route("POST", "/sso") == .unsupported(.samlDisabled))
        #expect(try route("POST", "/admin/oauth/clients") == .unsupported(.oauthServerDisabled))
        #expect(throws: AuthError.notFound) { try route("GET", "/nothing") }
        #expect(throws: AuthError.methodNotAllowed) { try route("PATCH", "/user") }
    }

    // MARK: Redirects

    @Test("redirects carry results in fragment or query")
    func redirectsCarryResultsInFragmentOr() {
        #expect(Redirect.location("https://a.example/x#old", .fragment("a=1")) == "https://a.example/x#a=1")
        #expect(Redirect.location("https://a.example/?y=1", .code("c d")) == "https://a.example/?y=1&code=c+d")
        #expect(
            Redirect.location("https://a.example", .failure(.linkExpired, isInQuery: false))
                == "https://a.example#error=access_denied&error_code=otp_expired"
                + "&error_description=Email+link+is+invalid+or+has+expired&sb=")
    }
}
