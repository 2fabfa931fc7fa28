import Identity
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Hashing waits in a queue and is slow. ``APIHost`` checks after every test that none of it was done in a unit
/// of work, which holds one of the database's few connections.
@Suite("Work on passwords", .timeLimit(.minutes(2)))
struct PasswordWorkTests {
    private static let changed = "another-Battery-2-horse"

    @Test("a password, an address and a sign-up by invitation are hashed before any lock is taken")
    func outside() async throws {
        try await APIHost.run { host in
            let session = try await host.session(of: .owner)
            let current = #""current_password":"\#(Person.owner.password)""#
            for (method, path, body) in [
                ("PATCH", "/platform/profile", #"{"primary_email":"new@example.com",\#(current)}"#),
                ("PUT", "/platform/update-email", #"{"newEmail":"newer@example.com",\#(current)}"#),
                ("PUT", "/auth/v1/user", #"{"email":"newest@example.com","password":"\#(Self.changed)",\#(current)}"#),
            ] {
                let answer = try await host.send(method, path, body: body, token: session)
                #expect(answer.status == 200, "\(path): \(answer.text)")
            }
            let account = try await host.directory.account(Person.owner.account.id)
            #expect(account.pendingEmail == "newest@example.com")
            _ = try await host.session(of: .owner, password: Self.changed)
            let invited = try await host.send(
                "POST", "/platform/organizations/default/members/invitations",
                body: #"{"email":"guest@example.com","role_id":3}"#, token: Person.administrator.token)
            let token = try invited.json["token"]?.text ?? ""
            let body = #"{"email":"guest@example.com","password":"\#(Self.changed)","invitation_token":"\#(token)"}"#
            #expect(try await host.send("POST", "/platform/signup", body: body, token: nil).status == 201)
            #expect(host.crypto.slowWorkInUnits == 0)
        }
    }

    @Test("many changes of one account's password at once: one is performed, the others are refused with Retry-After")
    func atOnce() async throws {
        try await APIHost.run { host in
            let session = try await host.session(of: .owner)
            host.crypto.setDelay(.milliseconds(500))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        let body = #"{"password":"\#(Self.changed)\#(number)"}"#
                        let answer = try await host.send("PUT", "/auth/v1/user", body: body, token: session)
                        if answer.status == 429 { #expect(answer.header("Retry-After") == "1") }
                        return answer.status
                    }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(host.crypto.hashingMost == 1)
            #expect((statuses[200] ?? 0) >= 1 && (statuses[429] ?? 0) >= 1, "\(statuses)")
            #expect((statuses[200] ?? 0) + (statuses[429] ?? 0) == 12, "\(statuses)")
        }
    }

    @Test("a repeated request is answered as before, though the password that it gives is the old one by now")
    func repeated() async throws {
        try await APIHost.run { host in
            let session = try await host.session(of: .owner)
            let body = #"{"password":"\#(Self.changed)","current_password":"\#(Person.owner.password)"}"#
            let key = [(name: "Idempotency-Key", value: "new-password")]
            for isRepeated in [false, true] {
                let answer = try await host.send("PUT", "/auth/v1/user", body: body, token: session, headers: key)
                #expect(answer.status == 200)
                #expect(answer.header("Idempotency-Replayed") == (isRepeated ? "true" : nil))
            }
        }
    }
}
