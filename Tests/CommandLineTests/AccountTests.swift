import Foundation
import HTTPStub
import ManagementClient
import ProjectModel
import Testing

@Suite("Accounts on the wire")
struct AccountTests {
    private static let made = #"{"id": 7, "name": "n", "token_alias": "sbp_12...", "token": "sbp_made"}"#

    private static func api(_ request: StubRequest, token: [StubStep] = [.response(201, made)]) -> [StubStep] {
        switch (request.method, request.path) {
        case ("POST", "/auth/v1/token"): [.response(200, #"{"access_token": "jwt", "refresh_token": "r"}"#)]
        case ("POST", "/platform/profile/access-tokens"): token
        case ("POST", "/auth/v1/logout"): [.response(204)]
        default: [.response(404, "{}")]
        }
    }

    @Test("signing in leaves a token, and ends the session but no other one")
    func signIn() async throws {
        try await withAPI {
            Self.api($0)
        } test: { client, stub, _ async throws in
            let made = try await client.signIn(email: "a@example.test", password: Secret("p\"w"), tokenName: "n")
            #expect(made.token.reveal() == "sbp_made")
            #expect(made.summary.id == 7)
            let requests = stub.requests
            #expect(
                requests.map(\.target) == [
                    "/auth/v1/token?grant_type=password", "/platform/profile/access-tokens",
                    "/auth/v1/logout?scope=local",
                ])
            let body = try #require(try JSONSerialization.jsonObject(with: Data(requests[0].body)) as? [String: String])
            #expect(body == ["email": "a@example.test", "password": "p\"w"])
            #expect(requests[1].headers["authorization"] == "Bearer jwt")
            #expect(requests[2].headers["authorization"] == "Bearer jwt")
            // The answer holds a session: it must not be kept under a key.
            #expect(requests[0].headers["idempotency-key"] == nil)
        }
    }

    @Test("the session ends also when no token could be made")
    func tokenRefused() async throws {
        try await withAPI {
            Self.api($0, token: [.response(403, #"{"message": "too many tokens"}"#)])
        } test: { client, stub, _ async throws in
            let error = await clientError {
                _ = try await client.signIn(email: "a@example.test", password: Secret("p"), tokenName: "n")
            }
            #expect(error?.description == "too many tokens (403)")
            #expect(stub.requests.last?.path == "/auth/v1/logout")
        }
    }

    @Test("a wrong password is its own kind of error", arguments: [400, 401, 422, 429])
    func wrongPassword(_ status: Int) async throws {
        try await withAPI { _ in
            [.response(status, #"{"code": 400, "msg": "Invalid login credentials"}"#)]
        } test: { client, stub, _ async throws in
            let error = await clientError {
                _ = try await client.signIn(email: "a@example.test", password: Secret("hunter"), tokenName: "n")
            }
            #expect(error == .signInRefused("Invalid login credentials"))
            #expect(error.map { ExitStatus($0) } == .notAllowed)
            #expect(stub.requests.count == 1)
        }
    }

    @Test("a trail is read page by page, from its first entry on")
    func auditPages() async throws {
        let trail = AuditTests.trail(length: 5)
        try await withAPI { request in
            let after = Int(request.query("after") ?? "") ?? 0
            let page = trail.dropFirst(after).prefix(2)
            guard let list = try? JSONEncoder().encode(Array(page)) else { return [.close] }
            return [.response(200, #"{"retention_period": 0, "result": \#(String(decoding: list, as: UTF8.self))}"#)]
        } test: { client, stub, _ async throws in
            let check = try await client.verifyAuditTrail(of: "default")
            #expect(check.count == 5)
            #expect(check.head == trail.last?.hash)
            #expect(stub.requests.map { $0.query("after") } == ["0", "2", "4", "5"])
            #expect(stub.requests.first?.path == "/platform/organizations/default/audit")
        }
    }

    @Test("a trail whose stored end was replaced is a failure with exit code 1, one without a signature is said")
    func replacedEnd() async throws {
        let trail = AuditTests.trail(length: 2)
        for (signature, isWhole) in [("valid", true), ("missing", true), ("invalid", false)] {
            try await withAPI { request in
                let page = request.query("after") == "0" ? trail : []
                guard let list = try? JSONEncoder().encode(page) else { return [.close] }
                let head = #"{"number": 2, "hash": "\#(trail[1].hash)", "signature": "\#(signature)"}"#
                return [.response(200, #"{"head": \#(head), "result": \#(String(decoding: list, as: UTF8.self))}"#)]
            } test: { client, _, _ async throws in
                guard isWhole else {
                    let error = await clientError { _ = try await client.verifyAuditTrail(of: "default") }
                    #expect(error.map { ExitStatus($0).rawValue } == 1)
                    return
                }
                let check = try await client.verifyAuditTrail(of: "default")
                #expect(check.endSignature?.rawValue == signature)
            }
        }
    }
}
