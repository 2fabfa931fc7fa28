import DataPlaneCore
import Testing
import TokenKit

@testable import AuthAPI

@Suite("Calls of hooks")
struct WebhookTests {
    @Test("the signature is that of Standard Webhooks")
    func signature() throws {
        // The example of the specification.
        let secret = try #require(Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let headers = try Webhook.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8),
            secrets: [KeyBytes(secret), KeyBytes(secret)])
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        #expect(headers.contains { $0.name == "webhook-signature" && $0.value == "\(signature) \(signature)" })
        #expect(headers.contains { $0.name == "webhook-timestamp" && $0.value == "1614265330" })
    }

    @Test(
        "what an answer means",
        arguments: [
            (200, "application/json", "{\"a\":1}", "answer"), (202, "application/json; charset=utf-8", "{}", "answer"),
            (204, "", "", "answer"), (200, "", "{}", "hook_payload_invalid_content_type"),
            (200, "text/html", "{}", "hook_payload_invalid_content_type"),
            (200, "application/json", "{", "unexpected_failure"), (400, "", "", "unexpected_failure"),
            (401, "", "", "unexpected_failure"), (302, "", "", "unexpected_failure"),
            (503, "", "", "unexpected_failure"), (429, "retry", "", "again"), (503, "retry", "", "again"),
        ])
    func outcomes(status: Int, type: String, body: String, wanted: String) {
        let header = type == "retry" ? ("retry-after", "1") : ("content-type", type)
        let response = OutboundResponse(
            status: status, headers: type.isEmpty ? [] : [header], body: Array(body.utf8))
        let found: String
        switch Webhook.outcome(of: response) {
        case .answer: found = "answer"
        case .again: found = "again"
        case .failed(let error): found = error.code
        }
        #expect(found == wanted)
    }

    @Test("a refusal has a status of errors, whatever the hook says")
    func refusals() throws {
        func refusal(_ text: String) throws -> AuthError? { Webhook.refusal(try JSONText(Array(text.utf8))) }
        #expect(try refusal("{}") == nil && refusal(#"{"error":null}"#) == nil)
        #expect(try refusal(#"{"error":{"http_code":403,"message":"no"}}"#)?.status == 403)
        #expect(try refusal(#"{"error":{"http_code":200,"message":"no"}}"#)?.status == 500)
        #expect(try refusal(#"{"error":{"message":"no"}}"#)?.message == "no")
        #expect(try refusal(#"{"error":{}}"#)?.message == "The hook refused")
    }

    @Test(
        "addresses of hooks are read, or refused",
        arguments: [
            ("pg-functions://postgres/public/f", nil, true), ("pg-functions://postgres/public", nil, false),
            ("pg-functions://postgres//f", nil, false),
            ("https://a.example/x", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true),
            ("https://a.example/x", nil, false),
            ("https://a.example/x", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false),
            ("https://a.example/x", "v1,whsec_YQ==", false),
            ("ftp://a.example", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false),
            ("http://a.example/x", "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false),
            (
                "http://localhost:54321/x",
                "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw|v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true
            ),
        ] as [(String, String?, Bool)])
    func targets(uri: String, secrets: String?, isTaken: Bool) {
        #expect(((try? HookTarget(uri: uri, secrets: secrets)) != nil) == isTaken)
    }

    @Test("leaked passwords are found by the rest of their hash")
    func leakedPasswords() throws {
        let (request, rest) = try LeakedPasswords.request("password")
        #expect(request.url == "https://api.pwnedpasswords.com/range/5BAA6" && request.body.isEmpty)
        #expect(rest == "1E4C9B93F3F0682250B6CF8331B7EE68FD8")
        #expect(LeakedPasswords.holds(rest, Array("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n\(rest):9\r\n".utf8)))
        #expect(!LeakedPasswords.holds(rest, Array("\(rest):0\r\n".utf8)))
        #expect(!LeakedPasswords.holds(rest, []))
    }
}
