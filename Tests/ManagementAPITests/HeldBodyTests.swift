import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A request's head is judged when it comes, and its body may take seconds. Who loses the right in between makes
/// nothing with the rest of the body.
@Suite("Delayed bodies", .timeLimit(.minutes(2)))
struct HeldBodyTests {
    /// A route that makes a credential.
    struct Case: Sendable, CustomTestStringConvertible {
        let method: String
        let path: String
        let body: String
        var testDescription: String { "\(method) \(path)" }

        init(_ method: String, _ path: String, body: String) {
            (self.method, self.path, self.body) = (method, path, body)
        }
    }

    private static let uuid = "10000000-0000-4000-8000-000000000010"
    private static let key = "04" + String(repeating: "ab", count: 64)

    /// For any account.
    static let own = [
        Case("POST", "/platform/profile/access-tokens", body: #"{"name":"held"}"#),
        Case(
            "POST", "/platform/profile/scoped-access-tokens",
            body: #"{"name":"held","permissions":["organizations_read"]}"#),
        Case(
            "POST", "/platform/cli/login",
            body: #"{"session_id":"\#(uuid)","public_key":"\#(key)","token_name":"held"}"#),
    ]

    /// For members of an organization.
    static let shared = [
        Case(
            "POST", "/platform/organizations/default/members/invitations",
            body: #"{"email":"held@example.com","role_id":4}"#),
        Case("POST", "/v1/projects/{ref}/api-keys", body: #"{"type":"secret","name":"held"}"#),
        Case("POST", "/v1/projects/{ref}/cli/login-role", body: #"{"read_only":false}"#),
        Case("PATCH", "/v1/projects/{ref}/database/password", body: #"{"password":"Battery-1-horse"}"#),
    ]

    @Test("a new password ends the other sessions and tokens, with what they have begun", arguments: own + shared)
    func password(route: Case) async throws {
        for isSession in [true, false] {
            try await APIHost.run { host in
                let owner = try await host.session(of: .owner)
                let stolen = isSession ? try await host.session(of: .owner) : Person.owner.token
                try await self.check(route, host: host, with: stolen) { () async throws in
                    let body = #"{"password":"another-Battery-2-horse"}"#
                    #expect(try await host.send("PUT", "/auth/v1/user", body: body, token: owner).status == 200)
                }
            }
        }
    }

    @Test("so does signing out everywhere", arguments: own + shared)
    func signOut(route: Case) async throws {
        try await APIHost.run { host in
            let (owner, stolen) = (try await host.session(of: .owner), try await host.session(of: .owner))
            try await self.check(route, host: host, with: stolen) { () async throws in
                let answer = try await host.send("POST", "/auth/v1/logout?scope=global", token: owner)
                #expect(answer.status == 204)
            }
        }
    }

    @Test("and revoking the token", arguments: own + shared)
    func revocation(route: Case) async throws {
        try await APIHost.run { host in
            let made = try await host.send("POST", "/platform/profile/access-tokens", body: #"{"name":"lost"}"#).json
            try await self.check(route, host: host, with: made["token"]?.text ?? "") { () async throws in
                let path = "/platform/profile/access-tokens/\(made["id"]?.wholeText ?? "")"
                #expect(try await host.send("DELETE", path).status == 200)
            }
        }
    }

    @Test("a member who is removed or gets a smaller role adds no member and makes no key", arguments: shared)
    func membership(route: Case) async throws {
        for isRemoved in [true, false] {
            try await APIHost.run { host in
                let account = Person.administrator.account.id
                try await self.check(route, host: host, with: Person.administrator.token) { () async throws in
                    guard isRemoved else {
                        return try await host.directory.addMember(account, to: Organization.defaultSlug, as: .readOnly)
                    }
                    let path = "/platform/organizations/default/members/\(account)"
                    #expect(try await host.send("DELETE", path).status == 200)
                }
            }
        }
    }

    /// Sends the head, lets `event` happen, sends the rest: refused, and nothing is made.
    private func check(
        _ route: Case, host: APIHost, with token: String, event: @Sendable () async throws -> Void
    ) async throws {
        let ref = try await host.create()
        try await host.set(.starting, of: ref)
        try await host.set(.active, of: ref)
        let path = route.path.replacing("{ref}", with: ref.text)
        let text = try await RawConnection.run(port: host.port) { connection, answer in
            try await connection.write(
                "\(route.method) \(path) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                    + "Content-Length: \(route.body.utf8.count)\r\n\r\n\(route.body.prefix(1))")
            // The head is judged meanwhile. Should that take longer, the answer is the same.
            try await Task.sleep(for: .milliseconds(300))
            try await event()
            try await connection.write(String(route.body.dropFirst()))
            return try await answer.read(until: "}")
        }
        #expect(text.prefixMatch(of: /HTTP\/1\.1 40[134]/) != nil, "\(route): \(text.prefix(80))")
        #expect(try await Self.made(in: host, ref).isEmpty, "\(route)")
        #expect(host.databases.calls.isEmpty, "\(route)")
    }

    /// What a held request has made.
    private static func made(in host: APIHost, _ ref: ProjectRef) async throws -> [String] {
        var names: [String] = []
        for person in Person.allCases {
            names += try await host.directory.accessTokens(.personal, of: person.account.id).map(\.name)
            names += try await host.directory.accessTokens(.scoped, of: person.account.id).map(\.name)
        }
        names += try await host.directory.invitations(of: Organization.defaultSlug).map(\.email)
        names += try await host.catalog.apiKeys(of: ref).map(\.name)
        return names.filter { $0.hasPrefix("held") }
    }
}
