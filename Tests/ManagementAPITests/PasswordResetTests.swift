import Identity
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Accounts
@testable import ManagementAPI

@Suite("A new password for another account")
struct PasswordResetTests {
    private func reset(_ host: APIHost, _ person: Person, by token: String? = APIHost.token) async throws -> Answer {
        try await host.send(
            "POST", "/platform/accounts/\(person.account.id)/reset-password",
            body: #"{"password":"another long password"}"#, token: token)
    }

    private func signsIn(_ host: APIHost, _ person: Person, with password: String) async throws -> Bool {
        let body = #"{"email":"\#(person.account.email)","password":"\#(password)"}"#
        return try await host.send(
            "POST", "/auth/v1/token?grant_type=password", body: body, token: nil
        ).status == 200
    }

    @Test("an owner sets it; sessions and tokens of before end, and the audit trail has it without the password")
    func reset() async throws {
        try await APIHost.run { host in
            let answer = try await reset(host, .developer)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try answer.json["gotrue_id"]?.text == Person.developer.account.id)
            #expect(try await signsIn(host, .developer, with: "another long password"))
            #expect(try await !signsIn(host, .developer, with: Person.developer.password))
            let old = try await host.send("GET", "/platform/profile", token: Person.developer.token)
            #expect(old.status == 401)
            let entries = try await host.ledger.trail(.init(scope: .account(Person.owner.account.id)))
            #expect(entries.map(\.deed.action).contains("account.reset_password"))
            #expect(!"\(entries)".contains("another long password"))
        }
    }

    @Test("only owners of all organizations of an account may, and nobody for themselves")
    func refusals() async throws {
        try await APIHost.run { host in
            #expect(try await reset(host, .owner).status == 403, "the own account")
            #expect(try await reset(host, .owner, by: Person.administrator.token).status == 403)
            #expect(try await reset(host, .developer, by: Person.administrator.token).status == 403)
            #expect(try await reset(host, .developer, by: Person.developer.token).status == 403)
            #expect(try await reset(host, .developer, by: Person.stranger.token).status == 404)
            #expect(try await reset(host, .developer, by: nil).status == 401)
            // The owner of another organization: its projects would come with the account.
            #expect(try await reset(host, .stranger).status == 403)
            for person in [Person.owner, .developer, .stranger] {
                #expect(try await signsIn(host, person, with: person.password), "\(person)")
            }
            let short = try await host.send(
                "POST", "/platform/accounts/\(Person.developer.account.id)/reset-password",
                body: #"{"password":"x"}"#)
            #expect(short.status == 422 || short.status == 400)
            let nobody = try await host.send(
                "POST", "/platform/accounts/00000000-0000-4000-8000-0000000000ff/reset-password",
                body: #"{"password":"another long password"}"#)
            #expect(nobody.status == 404)
        }
    }
}
