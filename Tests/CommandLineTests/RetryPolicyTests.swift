import CurlKit
import HTTPStub
import ManagementClient
import Testing

@Suite("Tries")
struct RetryPolicyTests {
    private let policy = RetryPolicy()

    private func transport(_ code: HTTPTransportError.Code) -> RetryPolicy.Outcome {
        .transport(HTTPTransportError(code, target: "http://127.0.0.1"))
    }

    @Test("a read is tried three times, and waits longer each time")
    func reads() {
        for outcome in [transport(.connectionRefused), .status(503, retryAfter: nil), .status(502, retryAfter: nil)] {
            #expect(policy.delay(after: outcome, tries: 1, of: .read) == .milliseconds(250))
            #expect(policy.delay(after: outcome, tries: 2, of: .read) == .milliseconds(500))
            #expect(policy.delay(after: outcome, tries: 3, of: .read) == nil)
        }
    }

    @Test("no other status is tried again", arguments: [200, 400, 401, 403, 404, 409, 422, 429, 500, 501, 507])
    func finalStatuses(_ status: Int) {
        for kind in [RetryPolicy.Kind.read, .keyedChange, .change] {
            #expect(policy.delay(after: .status(status, retryAfter: nil), tries: 1, of: kind) == nil)
        }
        #expect(policy.delay(after: .status(status, retryAfter: 1), tries: 2, of: .read) == nil)
    }

    @Test("Retry-After is kept, up to a bound", arguments: [(0, 0), (3, 3), (10, 10), (86_400, 10), (-5, 0)])
    func retryAfter(_ seconds: Int, _ waited: Int) {
        #expect(policy.delay(after: .status(503, retryAfter: seconds), tries: 1, of: .read) == .seconds(waited))
    }

    @Test("a change is sent again only when the API knows it, or has not seen it")
    func changes() {
        #expect(policy.delay(after: transport(.connectionLost), tries: 1, of: .keyedChange) == .milliseconds(250))
        #expect(policy.delay(after: transport(.connectionLost), tries: 1, of: .change) == nil)
        #expect(policy.delay(after: transport(.connectionRefused), tries: 1, of: .change) == .milliseconds(250))
        for kind in [RetryPolicy.Kind.keyedChange, .change] {
            #expect(policy.delay(after: .status(503, retryAfter: 1), tries: 1, of: kind) == nil)
        }
    }

    @Test("a change that is still being worked on is asked for again, but not a plain conflict")
    func inProgress() {
        #expect(policy.delay(after: .status(409, retryAfter: 2), tries: 2, of: .keyedChange) == .seconds(2))
        #expect(policy.delay(after: .status(409, retryAfter: 2), tries: 1, of: .keyedChange) == nil)
        #expect(policy.delay(after: .status(409, retryAfter: nil), tries: 2, of: .keyedChange) == nil)
        #expect(policy.delay(after: .status(409, retryAfter: 2), tries: 2, of: .change) == nil)
    }

    @Test(
        "what another try cannot mend is not tried",
        arguments: [
            HTTPTransportError.Code.tls, .invalidRequest, .cancelled, .shutDown, .malformedResponse, .bodyTooLarge,
        ])
    func lasting(_ code: HTTPTransportError.Code) {
        #expect(policy.delay(after: transport(code), tries: 1, of: .read) == nil)
    }
}

@Suite("Requests on the wire")
struct RequestTests {
    @Test("a request names its account and its program")
    func headers() async throws {
        try await withAPI { _ in
            [.response(200, "[]")]
        } test: { client, stub, _ async throws in
            #expect(try await client.organizations().isEmpty)
            let request = try #require(stub.requests.first)
            #expect(request.target == "/platform/organizations")
            #expect(request.headers["authorization"] == "Bearer \(Sample.token)")
            #expect(request.headers["user-agent"] == "supamanager/9.9.9")
            #expect(request.headers["idempotency-key"] == nil)
        }
    }

    @Test("a read continues when the API comes back")
    func readsAgain() async throws {
        let counter = Counter()
        try await withAPI { _ in
            switch counter.next() {
            case 0: [.response(503, #"{"message": "no database"}"#, headers: ["Retry-After: 4"])]
            case 1: [.head(headers: ["Content-Length: 9"]), .text("cut"), .close]
            default: [.response(200, "[]")]
            }
        } test: { client, stub, pauses async throws in
            #expect(try await client.organizations().isEmpty)
            #expect(pauses.all == [.seconds(4), .milliseconds(500)])
        }
    }

    @Test("the last answer is the one that is reported")
    func givesUp() async throws {
        try await withAPI { _ in
            [.response(503, #"{"message": "no database"}"#)]
        } test: { client, stub, pauses async throws in
            let error = await clientError { _ = try await client.organizations() }
            #expect(error == .refused(ClientError.Refusal(status: 503, message: "no database")))
            #expect(stub.requests.count == 3)
            #expect(pauses.all.count == 2)
        }
    }

    @Test("a change that is sent again has the same key, and another change another one")
    func keys() async throws {
        let counter = Counter()
        try await withAPI { _ in
            counter.next() == 0 ? [.close] : [.response(201)]
        } test: { client, stub, _ async throws in
            let ref = try Sample.ref()
            try await client.request(.pause, of: ref)
            try await client.delete(ref, keepingVolumes: false)
            let keys = stub.requests.compactMap { $0.headers["idempotency-key"] }
            #expect(stub.requests.map(\.method) == ["POST", "POST", "DELETE"])
            #expect(keys.count == 3)
            #expect(keys[0] == keys[1])
            #expect(keys[1] != keys[2])
            #expect(keys[0].wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
        }
    }

    @Test("a change is not sent again because of a status")
    func changeOnce() async throws {
        try await withAPI { _ in
            [.response(503, #"{"message": "no engine"}"#, headers: ["Retry-After: 1"])]
        } test: { client, stub, _ async throws in
            _ = await clientError { try await client.request(.restart, of: try Sample.ref()) }
            #expect(stub.requests.count == 1)
        }
    }

    @Test(
        "messages are found under all their names",
        arguments: [
            (#"{"message": "a"}"#, "a"), (#"{"code": 400, "error_code": "x", "msg": "b"}"#, "b"),
            (#"{"error": "x", "error_description": "c"}"#, "c"), (#"{"error": "d"}"#, "d"),
            ("<html>", "the API answered without a reason"), ("", "the API answered without a reason"),
            (#"{"message": "e\u001b[2J\nf"}"#, "e[2J f"),
        ])
    func messages(_ body: String, _ message: String) async throws {
        try await withAPI { _ in
            [.response(422, body)]
        } test: { client, _, _ async throws in
            let error = await clientError { _ = try await client.organizations() }
            #expect(error == .refused(ClientError.Refusal(status: 422, message: message)))
        }
    }

    @Test(
        "an invalid response is reported by its field, not by its values",
        arguments: [
            (#"[{"id": 1, "slug": "a"}]"#, "[0].name is missing"),
            (#"[{"id": 1, "slug": "a", "name": 17171717}]"#, "[0].name is of another type"), ("{", "the body"),
        ])
    func unexpected(_ body: String, _ words: String) async throws {
        try await withAPI { _ in
            [.response(200, body)]
        } test: { client, _, _ async throws in
            let error = await clientError { _ = try await client.organizations() }
            guard case .unexpected(let detail) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(detail.contains(words))
            #expect(!detail.contains("17171717"))
        }
    }

    @Test("a redirection is an error that says where to look")
    func redirected() async throws {
        try await withAPI { _ in
            [.response(301, "", headers: ["Location: https://example.test/"])]
        } test: { client, _, _ async throws in
            let error = await clientError { _ = try await client.organizations() }
            #expect(error?.description.contains("--api-url") == true)
        }
    }
}
