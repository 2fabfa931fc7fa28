import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Access tokens")
struct AccessTokenTests {
    private static let all = "/platform/profile/access-tokens"
    private static let scoped = "/platform/profile/scoped-access-tokens"

    private static func make(_ host: APIHost, _ body: String, token: String = APIHost.token) async throws -> Answer {
        try await host.send("POST", scoped, body: body, token: token)
    }

    private static func token(_ answer: Answer) throws -> String { try #require(try answer.json["token"]?.text) }

    @Test("a token is shown once, works at once, is listed by its alias, and ends when it is revoked")
    func life() async throws {
        try await APIHost.run { host in
            let made = try await host.send("POST", Self.all, body: #"{"name":"laptop","scope":"V0"}"#)
            #expect(made.status == 201)
            let token = try Self.token(made)
            #expect(token.wholeMatch(of: /sbp_[a-f0-9]{40}/) != nil)
            #expect(try made.json["expires_at"] == .null)
            #expect(try await host.send("GET", "/v1/profile", token: token).status == 200)
            let list = try await host.send("GET", Self.all)
            #expect(try list.json.count == 2)
            #expect(!list.text.contains(token))
            guard case .number(let id)? = try made.json["id"] else {
                Issue.record("there is no id")
                return
            }
            let one = "\(Self.all)/\(Int(id))"
            #expect(try await host.send("GET", one).json["name"] == .string("laptop"))
            #expect(try await host.send("GET", one, token: Person.developer.token).status == 404)
            #expect(try await host.send("DELETE", one, token: Person.developer.token).status == 404)
            let revoked = try await host.send("DELETE", one)
            #expect(revoked.status == 200)
            #expect(try revoked.json["name"] == .string("laptop"))
            #expect(try await host.send("GET", "/v1/profile", token: token).status == 401)
            #expect(try await host.send("DELETE", one).status == 404)
            let trail = try await host.ledger.trail(AuditQuery(scope: .account(Person.owner.account.id)))
            #expect(trail.map(\.deed.action) == ["access_token.delete", "access_token.create"])
            for entry in trail { #expect(!entry.deed.canonical(number: 1).contains(token)) }
        }
    }

    @Test(
        "what is no token is 400 and names the field",
        arguments: [
            ("{}", "name"), (#"{"name":""}"#, "name"), (#"{"name":"a\nb"}"#, "name"),
            (#"{"name":"x","expires_at":"soon"}"#, "expires_at"),
            (#"{"name":"x","expires_at":"2001-01-01T00:00:00Z"}"#, "expires_at"),
        ])
    func bad(body: String, word: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send("POST", Self.all, body: body)
            #expect(answer.status == 400)
            #expect(try answer.message?.contains(word) == true)
        }
    }

    @Test(
        "a session whose sign-in is long ago makes no token without the password; a token makes what ends with it",
        arguments: [
            (all, #""name":"x""#), (scoped, #""name":"x","permissions":["projects_read"]"#),
            (
                "/platform/cli/login",
                #""session_id":"0a000000-0000-4000-8000-000000000001","public_key":"04\#(String(repeating: "ab", count: 64))""#
            ),
        ])
    func oldSession(path: String, fields: String) async throws {
        var policy = APIHost.policy
        policy.freshSignInLife = .zero
        try await APIHost.run(policy: policy) { host in
            let session = try await host.session(of: .owner)
            func make(_ more: String, token: String) async throws -> Int {
                try await host.send("POST", path, body: "{\(fields)\(more)}", token: token).status
            }
            #expect(try await make("", token: session) == 403)
            #expect(try await make(#","current_password":"wrong""#, token: session) == 403)
            #expect(try await host.send("GET", Self.all).json.count == 1)
            #expect(try await make(#","current_password":"\#(Person.owner.password)""#, token: session) == 201)
        }
        try await APIHost.run { host in
            let session = try await host.session(of: .owner)
            #expect(try await host.send("POST", path, body: "{\(fields)}", token: session).status == 201)
        }
        try await APIHost.run(policy: policy) { host in
            let made = try await host.send("POST", path, body: "{\(fields)}")
            #expect(made.status == 201)
        }
    }

    @Test("a scoped token may what it names and no more, and is revoked like any other")
    func scopedLife() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let made = try await Self.make(
                host, #"{"name":"ci","permissions":["project_admin_read"],"expires_at":"2199-01-01T00:00:00.5Z"}"#)
            #expect(made.status == 201)
            #expect(try made.json["expires_at"] == .string("2199-01-01T00:00:00.500Z"))
            let token = try Self.token(made)
            #expect(try await host.send("GET", "/platform/projects/\(ref)", token: token).status == 200)
            #expect(try await host.send("DELETE", "/platform/projects/\(ref)", token: token).status == 403)
            let id = try #require(try made.json["id"]?.text)
            let one = "\(Self.scoped)/\(id)"
            #expect(try await host.send("GET", Self.scoped).json.all("id") == [.string(id)])
            #expect(try await host.send("GET", one, token: token).status == 200)
            #expect(try await host.send("GET", one, token: Person.developer.token).status == 404)
            #expect(try await host.send("DELETE", one).json["name"] == .string("ci"))
            #expect(try await host.send("GET", "/platform/projects/\(ref)", token: token).status == 401)
            #expect(try await host.send("GET", "\(Self.scoped)/nonsense").status == 404)
        }
    }

    @Test(
        "what a scoped token cannot be is refused, and the refusal names it",
        arguments: [
            (#"{"name":"x","permissions":[]}"#, 400, "permissions"),
            (#"{"name":"x","permissions":["everything"]}"#, 400, "permissions[0]"),
            (#"{"name":"x"}"#, 400, "permissions"), (#"{"name":"","permissions":["projects_read"]}"#, 400, "name"),
            (#"{"name":"x","permissions":["projects_read"],"project_refs":["x"]}"#, 400, "project_refs[0]"),
            (#"{"name":"x","permissions":["projects_read"],"organization_slugs":["elsewhere"]}"#, 404, "elsewhere"),
        ])
    func badScope(body: String, status: Int, word: String) async throws {
        try await APIHost.run { host in
            let answer = try await Self.make(host, body)
            #expect(answer.status == status)
            #expect(try answer.message?.contains(word) == true)
        }
    }

    @Test("a token cannot have more rights than its maker")
    func notMoreThanOneself() async throws {
        try await APIHost.run { host in
            let body = #"{"name":"x","permissions":["project_admin_write","projects_read"]}"#
            let refused = try await Self.make(host, body, token: Person.developer.token)
            #expect(refused.status == 403)
            #expect(try refused.message?.contains("project_admin_write") == true)
            #expect(try await Self.make(host, body, token: Person.administrator.token).status == 201)
        }
    }

    @Test("a scoped token makes none that is wider than itself in any way")
    func notWider() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let maker = try Self.token(
                try await Self.make(
                    host,
                    #"{"name":"m","permissions":["projects_read","project_admin_read"],"#
                        + #""organization_slugs":["default"],"project_refs":["\#(ref)"],"#
                        + #""expires_at":"2199-01-01T00:00:00Z"}"#))
            let (orgs, refs) = (#""organization_slugs":["default"]"#, #""project_refs":["\#(ref)"]"#)
            let end = #""expires_at":"2198-01-01T00:00:00Z""#
            let read = #""permissions":["projects_read"]"#
            let other = #""project_refs":["\#(ProjectRef.sample(99))"]"#
            let later = #""expires_at":"2199-01-01T00:00:01Z""#
            for (parts, status) in [
                ([read, orgs, refs, end], 201), ([read, orgs, refs], 403), ([read, orgs, refs, later], 403),
                ([read, refs, end], 403), ([read, orgs, end], 403), ([read, orgs, other, end], 403),
                ([#""permissions":["database_read"]"#, orgs, refs, end], 403),
            ] {
                let body = #"{"name":"x",\#(parts.joined(separator: ","))}"#
                #expect(try await Self.make(host, body, token: maker).status == status, "\(body)")
            }
        }
    }

    @Test("a scoped token reaches nothing that stands for the whole account")
    func wholeAccount() async throws {
        try await APIHost.run { host in
            let everything = Permission.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
            let token = try Self.token(
                try await Self.make(host, #"{"name":"x","permissions":[\#(everything)]}"#))
            let other = try await Self.make(host, #"{"name":"y","permissions":["projects_read"]}"#)
            let id = try #require(try other.json["id"]?.text)
            let refused = [
                ("GET", Self.all, ""), ("POST", Self.all, #"{"name":"x"}"#), ("GET", "\(Self.all)/1", ""),
                ("DELETE", "\(Self.all)/1", ""), ("GET", Self.scoped, ""), ("DELETE", "\(Self.scoped)/\(id)", ""),
                ("PUT", "/auth/v1/user", #"{"password":"another one 123"}"#),
                ("PUT", "/platform/update-email", #"{"newEmail":"z@example.com"}"#),
                ("PATCH", "/platform/profile", #"{"username":"z"}"#), ("GET", "/platform/profile/audit", ""),
                ("POST", "/platform/organizations/default/members/invitations/x", ""),
                ("POST", "/platform/cli/login", "{}"),
            ]
            for (method, path, body) in refused {
                #expect(try await host.send(method, path, body: body, token: token).status == 403, "\(method) \(path)")
            }
            #expect(try await host.send("GET", "/platform/profile", token: token).status == 200)
            #expect(try await host.send("GET", "/v1/projects").status == 200)
        }
    }
}

@Suite("Sign-in of the command line")
struct DeviceLoginTests {
    private static let session = "0A000000-0000-4000-8000-000000000001"
    private static let key = "04" + String(repeating: "ab", count: 64)

    private static func body(_ session: String = session, key: String = key, name: String? = "laptop") -> String {
        let name = name.map { #","token_name":"\#($0)""# } ?? ""
        return #"{"session_id":"\#(session)","public_key":"\#(key)"\#(name)}"#
    }

    @Test("what the browser approves the command line fetches once, with the code that the page shows")
    func flow() async throws {
        try await APIHost.run { host in
            let approved = try await host.send("POST", "/platform/cli/login", body: Self.body())
            #expect(approved.status == 201)
            let nonce = try #require(try approved.json["nonce"]?.text)
            #expect(try approved.json.keys == ["nonce"])
            let twice = try await host.send("POST", "/platform/cli/login", body: Self.body())
            #expect(twice.status == 409)
            let path = "/platform/cli/login/\(Self.session.lowercased())?device_code="
            let wrong = try await host.send("GET", path + "00000000", token: nil)
            #expect(wrong.status == 400)
            let fetched = try await host.send("GET", path + nonce.prefix(8), token: nil)
            #expect(fetched.status == 200)
            #expect(fetched.header("Cache-Control") == "no-store")
            let json = try fetched.json
            #expect(json.keys == ["id", "created_at", "access_token", "public_key", "nonce"])
            #expect(json["id"] == .string(Self.session.lowercased()))
            let token = try #require(json["access_token"]?.text?.replacing("sealed ", with: ""))
            #expect(try await host.send("GET", "/v1/profile", token: token).status == 200)
            #expect(try await host.send("GET", path + nonce.prefix(8), token: nil).status == 404)
            let list = try await host.send("GET", "/platform/profile/access-tokens").json
            #expect(list.all("name").contains(.string("laptop")))
            #expect(host.ledger.entries.map(\.deed.action) == ["access_token.create"])
        }
    }

    @Test(
        "what is no sign-in is 400 and makes no token",
        arguments: [
            body("x"), body(key: "04"), body(key: "05" + String(repeating: "ab", count: 64)), body(name: ""), "{}",
        ])
    func bad(body: String) async throws {
        try await APIHost.run { host async throws in
            #expect(try await host.send("POST", "/platform/cli/login", body: body).status == 400)
            #expect(try await host.send("GET", "/platform/profile/access-tokens").json.count == 1)
            #expect(try await host.send("GET", "/platform/cli/login/x", token: nil).status == 404)
        }
    }

    private static func login(_ number: Int, at time: Timestamp = VirtualTime.beginning) -> DeviceLogins.Waiting {
        DeviceLogins.Waiting(
            session: "s\(number)", at: time,
            sealed: SealedDeviceToken(publicKey: "p", nonce: "12345678rest", ciphertext: "c"))
    }

    @Test("after three wrong codes it is gone, whatever is asked next")
    func wrongCodes() {
        let logins = DeviceLogins()
        logins.add(Self.login(1))
        let now = VirtualTime.beginning
        for _ in 1...3 { #expect(logins.fetch("s1", code: "x", at: now) == .wrongCode) }
        #expect(logins.fetch("s1", code: "12345678", at: now) == .unknown)
    }

    @Test("it waits five minutes and no longer")
    func expiry() {
        let now = VirtualTime.beginning
        for (wait, isThere) in [(Duration.zero, true), (.milliseconds(299_999), true), (.seconds(300), false)] {
            let logins = DeviceLogins()
            logins.add(Self.login(1))
            #expect(logins.isWaiting("s1", at: now + wait) == isThere)
            let opened = logins.fetch("s1", code: "12345678", at: now + wait) == .opened(Self.login(1))
            #expect(opened == isThere)
        }
    }

    @Test("of two approvals of one sign-in the first counts, until it is gone")
    func firstApproval() {
        let logins = DeviceLogins()
        let now = VirtualTime.beginning
        let second = { (time: Timestamp) in
            DeviceLogins.Waiting(
                session: "s1", at: time,
                sealed: SealedDeviceToken(publicKey: "q", nonce: "87654321rest", ciphertext: "d"))
        }
        logins.add(Self.login(1))
        logins.add(second(now))
        #expect(logins.fetch("s1", code: "87654321", at: now) == .wrongCode)
        guard case .opened(let login) = logins.fetch("s1", code: "12345678", at: now) else {
            Issue.record("the first approval is gone")
            return
        }
        #expect(login.sealed.ciphertext == "c")
        logins.add(Self.login(1))
        let later = now + DeviceLogins.lifetime
        logins.add(second(later))
        #expect(logins.fetch("s1", code: "87654321", at: later) == .opened(second(later)))
    }

    @Test("a thousand wait at most: the oldest goes")
    func bound() {
        let logins = DeviceLogins()
        for number in 0...DeviceLogins.waitingMax {
            logins.add(Self.login(number, at: VirtualTime.beginning + .milliseconds(number)))
        }
        let now = VirtualTime.beginning + .seconds(2)
        #expect(!logins.isWaiting("s0", at: now))
        #expect(logins.isWaiting("s1", at: now))
        #expect(logins.isWaiting("s\(DeviceLogins.waitingMax)", at: now))
    }
}

@Suite("Verifier of tokens")
struct DirectoryTokenVerifierTests {
    private static let principal = Person.owner.principal

    @Test("a principal is believed for two seconds, in its generation, and not by a clock that went back")
    func memory() {
        let memory = PrincipalMemory()
        let now = VirtualTime.beginning
        memory.keep(Self.principal, "k", generation: 3, at: now)
        #expect(memory.principal("k", generation: 3, at: now) == Self.principal)
        #expect(memory.principal("other", generation: 3, at: now) == nil)
        #expect(memory.principal("k", generation: 4, at: now) == nil)
        #expect(memory.principal("k", generation: 3, at: now + .milliseconds(1_999)) == Self.principal)
        #expect(memory.principal("k", generation: 3, at: now + .milliseconds(-1)) == nil)
        memory.keep(Self.principal, "k", generation: 3, at: now)
        #expect(memory.principal("k", generation: 3, at: now + .seconds(2)) == nil)
    }

    @Test("what was read before a change is not kept after it")
    func generations() {
        let memory = PrincipalMemory()
        let now = VirtualTime.beginning
        memory.keep(Self.principal, "new", generation: 5, at: now)
        memory.keep(Self.principal, "old", generation: 4, at: now)
        #expect(memory.principal("old", generation: 5, at: now) == nil)
        #expect(memory.principal("new", generation: 5, at: now) == Self.principal)
    }

    @Test("no more are remembered than the limit")
    func bound() {
        let memory = PrincipalMemory()
        let now = VirtualTime.beginning
        let most = DirectoryTokenVerifier.principalsMax
        for number in 0..<most { memory.keep(Self.principal, "k\(number)", generation: 1, at: now) }
        #expect(memory.count == most)
        memory.keep(Self.principal, "one more", generation: 1, at: now)
        #expect(memory.count == 1)
        #expect(memory.principal("one more", generation: 1, at: now) == Self.principal)
    }

    @Test("the database is asked once in two seconds, at once after a change, and its failure is reported as such")
    func directory() async throws {
        let time = HandTime()
        let store = InMemoryIdentityStore()
        let directory = AccountDirectory(
            store: store, crypto: PlainIdentityCrypto(), time: time, policy: APIHost.policy)
        let token = Secret("sbp_" + String(repeating: "ab", count: 20))
        try await directory.bootstrap(adminEmail: "admin@example.com", adminPassword: nil, adminToken: token)
        let verifier = DirectoryTokenVerifier(directory: directory, time: time)
        let account = try #require(try await verifier.principal(for: token)?.account)
        // What another process changes is not noticed until the answer is too old.
        let token2 = try #require(try await store.accessTokens(.personal, of: account.id).first)
        _ = try await store.deleteAccessToken(token2.key, of: account.id)
        #expect(try await verifier.principal(for: token) != nil)
        time.advance(by: .seconds(2))
        #expect(try await verifier.principal(for: token) == nil)
        // What this one changes is.
        let (record, other) = try await directory.createAccessToken(of: account.id, name: "x", expiresAt: nil)
        #expect(try await verifier.principal(for: other) != nil)
        try await directory.revokeAccessToken(record.key, of: account.id)
        #expect(try await verifier.principal(for: other) == nil)
        store.setDown(true)
        await #expect(throws: AccessTokenError.self) { () async throws in
            _ = try await verifier.principal(for: other)
        }
    }
}

/// Time that a test moves by hand.
private final class HandTime: TimeSource {
    private let time = Mutex(VirtualTime.beginning)

    func now() -> Timestamp { time.withLock { $0 } }
    func sleep(for duration: Duration) async throws { advance(by: duration) }
    func advance(by duration: Duration) { time.withLock { $0 = $0 + duration } }
}
