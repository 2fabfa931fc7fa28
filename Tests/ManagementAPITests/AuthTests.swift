import HTTPTypes
import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
@testable import ManagementAPI

@Suite("/auth/v1")
struct AuthTests {
    static func credentials(_ person: Person, password: String? = nil) -> String {
        #"{"email":"\#(person.account.email)","password":"\#(password ?? person.password)","gotrue_meta_security":{}}"#
    }

    private static func signIn(_ host: APIHost, _ person: Person = .developer) async throws -> JSONValue {
        let answer = try await host.send(
            "POST", "/auth/v1/token?grant_type=password", body: credentials(person), token: nil)
        #expect(answer.status == 200)
        #expect(answer.header("Cache-Control") == "no-store")
        return try answer.json
    }

    private static func refresh(_ host: APIHost, _ token: String) async throws -> Answer {
        try await host.send(
            "POST", "/auth/v1/token?grant_type=refresh_token", body: #"{"refresh_token":"\#(token)"}"#, token: nil)
    }

    @Test("a password gives a session whose token opens Studio's routes and /v1")
    func signsIn() async throws {
        try await APIHost.run { host in
            let session = try await Self.signIn(host)
            #expect(session["token_type"] == .string("bearer"))
            #expect(session["expires_in"] == .number(3_600))
            #expect(session["user"]?["id"] == .string(Person.developer.account.id))
            #expect(session["user"]?["email_confirmed_at"]?.isTimestamp == true)
            #expect(session["user"]?["last_sign_in_at"]?.isTimestamp == true)
            #expect(session["user"]?["identities"]?.count == 1)
            #expect(session["user"]?["is_anonymous"] == .bool(false))
            let token = try #require(session["access_token"]?.text)
            for path in ["/platform/profile", "/v1/projects", "/auth/v1/user"] {
                #expect(try await host.send("GET", path, token: token).status == 200, "\(path)")
            }
        }
    }

    @Test("a wrong password and an unknown address get the same answer, in the form that auth-js reads")
    func wrongCredentials() async throws {
        try await APIHost.run { host in
            let bodies = [
                Self.credentials(.developer, password: "wrong"), #"{"email":"nobody@example.com","password":"wrong"}"#,
                #"{"email":"no address","password":"wrong"}"#,
            ]
            var answers: Set<[UInt8]> = []
            for body in bodies {
                let answer = try await host.send(
                    "POST", "/auth/v1/token?grant_type=password", body: body, token: nil)
                #expect(answer.status == 400)
                answers.insert(answer.body)
                let json = try answer.json
                #expect(json["code"] == .number(400))
                #expect(json["error_code"] == .string("invalid_credentials"))
                #expect(json["msg"] == .string("Invalid login credentials"))
                #expect(json["error"] == .string("invalid_grant"))
                #expect(json["error_description"] == json["msg"])
                #expect(json["message"] == json["msg"])
            }
            #expect(answers.count == 1)
            #expect(host.ledger.entries.isEmpty)
        }
    }

    @Test("too many failures are 429 with the time to wait")
    func throttled() async throws {
        try await APIHost.run { host in
            var answer: Answer?
            for _ in 0..<8 {
                answer = try await host.send(
                    "POST", "/auth/v1/token?grant_type=password",
                    body: Self.credentials(.developer, password: "wrong"), token: nil)
            }
            let last = try #require(answer)
            #expect(last.status == 429)
            #expect(try last.json["error_code"] == .string("over_request_rate_limit"))
            let wait = try #require(last.header("Retry-After").flatMap { Int($0) })
            #expect((1...900).contains(wait))
        }
    }

    @Test(
        "what is no sign-in is 400 and names what is wrong",
        arguments: [
            ("grant_type=password", "{}", "email"), ("grant_type=password", #"{"email":1,"password":""}"#, "email"),
            ("grant_type=password", "", "empty"), ("grant_type=password", "{", "JSON"),
            ("grant_type=refresh_token", "{}", "refresh_token"), ("grant_type=magic", "{}", "grant_type"),
            ("", "{}", "grant_type"),
        ])
    func badRequests(query: String, body: String, word: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send("POST", "/auth/v1/token?\(query)", body: body, token: nil)
            #expect(answer.status == 400)
            #expect(try answer.json["error_code"] == .string("validation_failed"))
            #expect(try answer.json["msg"]?.text?.contains(word) == true)
        }
    }

    @Test("a refresh token works on, and used again much later it ends the session at once")
    func refreshes() async throws {
        // Without an interval in which it may come again, a second use is one too many.
        var policy = APIHost.policy
        policy.reuseInterval = .zero
        try await APIHost.run(policy: policy) { host in
            let first = try await Self.signIn(host)
            let token = try #require(first["refresh_token"]?.text)
            let second = try await Self.refresh(host, token).json
            let access = try #require(second["access_token"]?.text)
            #expect(second["refresh_token"] != first["refresh_token"])
            #expect(try await host.send("GET", "/auth/v1/user", token: access).status == 200)
            let reused = try await Self.refresh(host, token)
            #expect(reused.status == 400)
            #expect(try reused.json["error_code"] == .string("refresh_token_already_used"))
            #expect(try await host.send("GET", "/auth/v1/user", token: access).status == 401)
            let unknown = try await Self.refresh(host, "unknown")
            #expect(unknown.status == 400)
            #expect(try unknown.json["error_code"] == .string("refresh_token_not_found"))
        }
    }

    @Test("signing in stands in the trail of the account, a refresh and what failed do not, and no token does")
    func trail() async throws {
        try await APIHost.run { host in
            let session = try await Self.signIn(host)
            let refreshed = try await Self.refresh(host, try #require(session["refresh_token"]?.text))
            #expect(refreshed.status == 200)
            let scope = AuditScope.account(Person.developer.account.id)
            let trail = try await host.ledger.trail(AuditQuery(scope: scope))
            #expect(trail.map(\.deed.action) == ["session.create"])
            let deed = try #require(trail.first?.deed)
            #expect(deed.actorEmail == "developer@example.com")
            #expect(deed.address == "127.0.0.1")
            let text = deed.canonical(number: 1)
            for secret in session.all("access_token") + session.all("refresh_token") {
                #expect(!text.contains(try #require(secret.text)))
            }
        }
    }

    @Test("a sign-out ends the session it names", arguments: ["local", "global", "others", ""])
    func signsOut(scope: String) async throws {
        try await APIHost.run { host in
            let tokens = [
                try #require(try await Self.signIn(host)["access_token"]?.text),
                try #require(try await Self.signIn(host)["access_token"]?.text),
            ]
            let query = scope.isEmpty ? "" : "?scope=\(scope)"
            #expect(try await host.send("POST", "/auth/v1/logout\(query)", token: tokens[0]).status == 204)
            var left: [Bool] = []
            for token in tokens { left.append(try await host.send("GET", "/auth/v1/user", token: token).status == 200) }
            let expected = ["local": [false, true], "others": [true, false]][scope] ?? [false, false]
            #expect(left == expected)
        }
    }

    @Test("an access token has no session to end, and a scope must be known")
    func badSignOut() async throws {
        try await APIHost.run { host in
            #expect(try await host.send("POST", "/auth/v1/logout").status == 403)
            let token = try #require(try await Self.signIn(host)["access_token"]?.text)
            #expect(try await host.send("POST", "/auth/v1/logout?scope=all", token: token).status == 400)
            #expect(try await host.send("POST", "/auth/v1/logout", token: nil).status == 401)
        }
    }

    @Test("users change their password and address; other sessions end, and neither secret is written down")
    func update() async throws {
        try await APIHost.run { host in
            let other = try #require(try await Self.signIn(host)["access_token"]?.text)
            let token = try #require(try await Self.signIn(host)["access_token"]?.text)
            let body = #"{"password":"another one 123","email":"New@Example.com"}"#
            let answer = try await host.send("PUT", "/auth/v1/user", body: body, token: token)
            #expect(answer.status == 200)
            #expect(try answer.json["email"] == .string("developer@example.com"))
            #expect(try answer.json["new_email"] == .string("new@example.com"))
            #expect(try await host.send("GET", "/auth/v1/user", token: token).status == 200)
            #expect(try await host.send("GET", "/auth/v1/user", token: other).status == 401)
            let again = try await host.send(
                "POST", "/auth/v1/token?grant_type=password",
                body: #"{"email":"developer@example.com","password":"another one 123"}"#, token: nil)
            #expect(again.status == 200)
            let early = try await host.send(
                "POST", "/auth/v1/token?grant_type=password",
                body: #"{"email":"new@example.com","password":"another one 123"}"#, token: nil)
            #expect(early.status == 400)
            for entry in host.ledger.entries { #expect(!entry.deed.canonical(number: 1).contains("another one")) }
        }
    }

    @Test(
        "a change that is not possible is refused in GoTrue's form and changes nothing",
        arguments: [
            (#"{"password":"short"}"#, 422, "weak_password"),
            (#"{"email":"owner@example.com"}"#, 422, "email_exists"), (#"{"email":"x"}"#, 400, "email_address_invalid"),
            (#"{"data":{"a":1}}"#, 400, "validation_failed"), (#"{"password":1}"#, 400, "validation_failed"),
            (#"{"email":"free@example.com","password":"short"}"#, 422, "weak_password"),
        ])
    func badUpdate(body: String, status: Int, code: String) async throws {
        try await APIHost.run { host in
            let token = try await host.session(of: .developer)
            let answer = try await host.send("PUT", "/auth/v1/user", body: body, token: token)
            #expect(answer.status == status)
            #expect(try answer.json["error_code"] == .string(code))
            let user = try await host.send("GET", "/auth/v1/user", token: Person.developer.token).json
            #expect(user["email"] == .string("developer@example.com"))
        }
    }

    @Test("sign-up is closed unless the installation opens it")
    func signUp() async throws {
        let body = #"{"email":"guest@example.com","password":"long enough"}"#
        try await APIHost.run { host in
            let answer = try await host.send("POST", "/auth/v1/signup", body: body, token: nil)
            #expect(answer.status == 422)
            #expect(try answer.json["error_code"] == .string("signup_disabled"))
            #expect(try await host.send("POST", "/platform/signup", body: body, token: nil).status == 403)
            #expect(try await host.send("GET", "/auth/v1/settings", token: nil).json["disable_signup"] == .bool(true))
        }
        var policy = APIHost.policy
        policy.isSignUpOpen = true
        try await APIHost.run(policy: policy) { host in
            let session = try await host.send("POST", "/auth/v1/signup", body: body, token: nil)
            #expect(session.status == 200)
            let token = try #require(try session.json["access_token"]?.text)
            #expect(try await host.send("GET", "/platform/organizations", token: token).json == .array([]))
            let again = try await host.send("POST", "/auth/v1/signup", body: body, token: nil)
            #expect(again.status == 422)
            #expect(try again.json["error_code"] == .string("user_already_exists"))
            #expect(try await host.send("POST", "/platform/signup", body: body, token: nil).status == 409)
            let weak = #"{"email":"weak@example.com","password":"x"}"#
            #expect(try await host.send("POST", "/auth/v1/signup", body: weak, token: nil).status == 422)
            let other = #"{"email":"other@example.com","password":"long enough","redirectTo":"https://x.test"}"#
            #expect(try await host.send("POST", "/platform/signup", body: other, token: nil).status == 201)
            #expect(Set(host.ledger.entries.map(\.deed.action)) == ["account.create", "session.create"])
        }
    }

    @Test("nothing is mailed, and whether an address is known stays untold")
    func recover() async throws {
        try await APIHost.run { host in
            var bodies: Set<[UInt8]> = []
            for email in ["owner@example.com", "nobody@example.com"] {
                let body = #"{"email":"\#(email)"}"#
                let answer = try await host.send("POST", "/auth/v1/recover", body: body, token: nil)
                #expect(answer.status == 200)
                bodies.insert(answer.body)
                #expect(
                    try await host.send("POST", "/platform/reset-password", body: body, token: nil).status == 201)
            }
            #expect(bodies == [Array("{}".utf8)])
            #expect(try await host.send("POST", "/auth/v1/recover", body: "{}", token: nil).status == 400)
        }
    }

    @Test("keys, settings and health need no token")
    func facts() async throws {
        try await APIHost.run { host in
            let keys = try await host.send("GET", "/auth/v1/.well-known/jwks.json", token: nil)
            #expect(try keys.json["keys"] == .array([]))
            #expect(keys.header("Cache-Control") == "public, max-age=600")
            let settings = try await host.send("GET", "/auth/v1/settings", token: nil).json
            #expect(settings["external"]?["email"] == .bool(true))
            #expect(settings["external"]?["github"] == .bool(false))
            #expect(try await host.send("GET", "/auth/v1/health", token: nil).json["version"] != nil)
            #expect(try await host.send("GET", "/platform/status", token: nil).json["is_healthy"] == .bool(true))
        }
    }

    @Test("what is not offered is refused as GoTrue refuses it where it is switched off")
    func notOffered() async throws {
        try await APIHost.run { host in
            for route in GoTrueRefusals().routes {
                let path = route.path.replacing("{id}", with: "1")
                let answer = try await host.send(
                    route.method.rawValue, path, body: "{}", token: route.access == .open ? nil : APIHost.token)
                #expect(answer.status == route.operation.answer.status.code, "\(route.name)")
                #expect(try answer.json.keys == ["code", "error_code", "msg", "message"])
            }
        }
    }

    @Test("every error of the directory has a status, and every GoTrue form repeats it")
    func errors() throws {
        let statuses: [(IdentityError, Int)] = [
            (.invalidCredentials, 401), (.reusedRefreshToken, 401), (.throttled(retryAfter: .milliseconds(1_500)), 429),
            (.reauthenticationNeeded, 403), (.wrongPassword, 403), (.signUpDisabled, 403), (.emailTaken, 409),
            (.badEmail("x"), 400), (.badPassword("x"), 400),
            (.notFound(what: "x"), 404), (.forbidden("x"), 403), (.conflict("x"), 409), (.invalid("x"), 400),
            (.store(.unavailable("x")), 503), (.crypto(IdentityCryptoError("x")), 503),
        ]
        for (cause, status) in statuses {
            let error = APIError(anything: cause)
            #expect(error.status.code == status, "\(cause)")
            for step in [GoTrueStep.password, .refresh, .signUp, .update, .signOut] {
                let wire = APIError(cause, during: step)
                #expect(wire.body?["code"] == .integer(Int64(wire.status.code)))
                #expect(wire.body?["message"] == wire.body?["msg"])
            }
        }
        let throttled = APIError(IdentityError.throttled(retryAfter: .milliseconds(1_500)), during: .password)
        #expect(throttled.headers[.retryAfter] == "2")
        #expect(Duration.zero.secondsRoundedUp == 1)
        #expect(Duration.seconds(3).secondsRoundedUp == 3)
    }
}
