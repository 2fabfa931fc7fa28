import DataPlaneCore
import Testing
import TokenKit

@testable import FunctionsAPI

/// A request for a function.
func request(
    _ method: String = "POST", headers: [(name: String, value: String)] = []
) -> ServiceRequest {
    ServiceRequest(method: method, path: "/hello", query: "", headers: headers, body: [])
}

@Suite("Rules of functions")
struct RulesTests {
    @Test("the first segment names the function", arguments: ["/hello", "/hello/", "/hello/a/b", "/hello//"])
    func slug(path: String) throws {
        #expect(try FunctionRoute(method: "GET", path: path).slug == "hello")
    }

    @Test(
        "what is no name leads nowhere",
        arguments: [
            "", "/", "hello", "//hello", "/.hello", "/..", "/%2e%2e", "/a.b", "/1a", "/-a", "/_internal/health",
            "/hällo", "/a%2Fb", "/" + String(repeating: "a", count: 65),
        ])
    func noSlug(path: String) {
        #expect(throws: FunctionRefusal.notFound) { try FunctionRoute(method: "GET", path: path) }
    }

    @Test("methods of functions and no others")
    func methods() throws {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] {
            #expect(try FunctionRoute(method: method, path: "/a-1_").slug == "a-1_")
        }
        for method in ["HEAD", "TRACE", "CONNECT", "get", ""] {
            #expect(throws: FunctionRefusal.methodNotAllowed) { try FunctionRoute(method: method, path: "/hello") }
        }
    }

    private static let refusals: [(FunctionRefusal, Int, String)] = [
        (.noToken, 401, "UNAUTHORIZED_NO_AUTH_HEADER"), (.invalidToken, 401, "UNAUTHORIZED_INVALID_JWT_FORMAT"),
        (.badToken, 401, "UNAUTHORIZED_LEGACY_JWT"), (.badSignedToken, 401, "UNAUTHORIZED_ASYMMETRIC_JWT"),
        (.unsupportedToken, 401, "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM"), (.notFound, 404, "NOT_FOUND"),
        (.methodNotAllowed, 405, "METHOD_NOT_ALLOWED"), (.noWebSockets, 501, "NOT_IMPLEMENTED"),
        (.workerError, 500, "WORKER_ERROR"), (.bootError(retrySeconds: nil), 503, "BOOT_ERROR"),
        (.timedOut, 504, "IDLE_TIMEOUT"), (.limit(.memory(bytesMax: 150 << 20)), 546, "WORKER_LIMIT"),
        (.limit(.processor(secondsMax: 2)), 546, "WORKER_LIMIT"), (.busy, 503, "FUNCTION_BUSY"),
        (.unavailable, 503, "FUNCTIONS_UNAVAILABLE"),
    ]

    @Test("a refusal has its status, and its code in header and body", arguments: refusals)
    func refusal(refusal: FunctionRefusal, status: Int, code: String) throws {
        let answer = refusal.response
        let body = try JSONText(answer.body)
        #expect(answer.status == status)
        #expect(body["code"] == .string(code) && body["msg"] == body["message"])
        #expect(body["message"]?.stringValue?.isEmpty == false)
        #expect(answer.headers.contains { $0.name == "sb-error-code" && $0.value == code })
        #expect(answer.headers.contains { $0.name == "x-relay-error" } == (refusal == .unavailable))
    }

    @Test("what was exceeded is said, and when to try again")
    func details() {
        let texts = [FunctionResource.memory(bytesMax: 150 << 20), .processor(secondsMax: 2)].map {
            String(decoding: FunctionRefusal.limit($0).response.body, as: UTF8.self)
        }
        #expect(texts[0].contains("150 MiB") && texts[1].contains("2 s of processor time"))
        let again = FunctionRefusal.bootError(retrySeconds: 4).response
        #expect(again.headers.contains { $0.name == "Retry-After" && $0.value == "4" })
        #expect(!FunctionRefusal.bootError(retrySeconds: nil).response.headers.contains { $0.name == "Retry-After" })
    }

    @Test("headers of the connection stay there")
    func hopByHop() {
        let headers = [
            ("Connection", "keep-alive, X-Own"), ("Keep-Alive", "5"), ("X-Own", "1"), ("Transfer-Encoding", "chunked"),
            ("Upgrade", "x"), ("Content-Type", "text/plain"), ("Set-Cookie", "a"), ("Set-Cookie", "b"),
        ].map { (name: $0.0, value: $0.1) }
        #expect(AnswerRules.passedOn(headers).map(\.value) == ["text/plain", "a", "b"])
    }

    @Test(
        "a page that is got is text",
        arguments: [
            ("GET", "text/html", "text/plain"), ("GET", "Text/HTML; charset=utf-8", "text/plain; charset=utf-8"),
            ("POST", "text/html", "text/html"), ("GET", "application/json", "application/json"),
        ])
    func pages(method: String, type: String, shown: String) {
        let head = AnswerRules.head(
            status: 200, headers: [("content-type", type), ("date", "today")], method: method)
        #expect(head.headers.map(\.value) == [shown])
    }

    @Test("output is bounded, and what is left out is counted")
    func throttle() {
        var limits = FunctionLimits()
        (limits.logLinesMax, limits.logLineCharactersMax, limits.logSeconds) = (2, 3, 10)
        var throttle = LogThrottle(limits)
        #expect(throttle.lines(for: "abcdef", at: 100) == ["abc"])
        #expect(throttle.lines(for: "b", at: 109) == ["b"])
        #expect(throttle.lines(for: "c", at: 109.9).isEmpty && throttle.lines(for: "d", at: 109.9).isEmpty)
        #expect(throttle.lines(for: "e", at: 110) == ["2 lines were left out: too many at once", "e"])
        #expect(throttle.lines(for: "f", at: 130) == ["f"])
    }
}

@Suite("Tokens of functions")
struct FunctionTokenTests {
    private static let secret = Array("a-secret-of-more-than-thirty-two-characters".utf8)
    private static let now = 1_800_000_000.0
    private let verifier = TokenVerifier(keys: [.secret(KeyBytes(secret))], audience: nil)

    private static func token(
        _ claims: String = #"{"role":"anon"}"#, algorithm: String = "HS256", secret: [UInt8] = secret
    ) throws -> String {
        let signed = [#"{"alg":"\#(algorithm)"}"#, claims].map { Base64URL.encode(Array($0.utf8)) }
            .joined(separator: ".")
        let signature = try Digest.hmacSHA256(Array(signed.utf8), key: KeyBytes(secret))
        return signed + "." + Base64URL.encode(signature)
    }

    private func refusal(_ authorization: String?, method: String = "POST") -> FunctionRefusal? {
        let headers = authorization.map { [(name: "authorization", value: $0)] } ?? []
        do throws(FunctionRefusal) {
            try TokenCheck.check(request(method, headers: headers), verifier: verifier, at: Self.now)
            return nil
        } catch { return error }
    }

    @Test("each way to fail has its code")
    func codes() throws {
        #expect(refusal("Bearer \(try Self.token())") == nil)
        #expect(refusal("bearer  \(try Self.token())") == nil)
        #expect(refusal(nil) == .noToken)
        for text in ["Basic eDp5", "Bearer", "Bearer a.b", "Bearer a.b.c", "Bearer sb_publishable_1", ""] {
            #expect(refusal(text) == .invalidToken, "\(text)")
        }
        let other = Array("another-secret-of-more-than-thirty-two-characters".utf8)
        #expect(refusal("Bearer \(try Self.token(secret: other))") == .badToken)
        #expect(refusal("Bearer \(try Self.token(#"{"exp":1799999000}"#))") == .badToken)
        #expect(refusal("Bearer \(try Self.token(#"{"exp":1800000001}"#))") == nil)
        #expect(refusal("Bearer \(try Self.token("[]"))") == .invalidToken)
        for algorithm in ["ES256", "RS256"] {
            #expect(refusal("Bearer \(try Self.token(algorithm: algorithm))") == .badSignedToken)
        }
        for algorithm in ["none", "HS512", "EdDSA"] {
            #expect(refusal("Bearer \(try Self.token(algorithm: algorithm))") == .unsupportedToken)
        }
    }

    @Test("browsers ask by OPTIONS without a token")
    func options() { #expect(refusal(nil, method: "OPTIONS") == nil) }

    private let keys = APIKeys(tokens: ["anon.a.b"], names: [("sb_publishable_1", "anon.a.b")], refused: ["old.c.d"])

    private func seen(_ headers: [(name: String, value: String)], method: String = "POST") -> String? {
        FunctionKeys.identified(request(method, headers: headers), by: keys).map {
            $0.header("authorization") ?? "none"
        }
    }

    @Test("keys become tokens, and what is no key passes as it came")
    func identification() {
        #expect(seen([("apikey", "sb_publishable_1")]) == "Bearer anon.a.b")
        #expect(seen([("authorization", "Bearer sb_publishable_1")]) == "Bearer anon.a.b")
        #expect(seen([("apikey", "anon.a.b")]) == "Bearer anon.a.b")
        #expect(seen([("apikey", "sb_publishable_1"), ("authorization", "Bearer user")]) == "Bearer user")
        #expect(seen([("apikey", "sb_publishable_1"), ("authorization", "Basic eDp5")]) == "Basic eDp5")
        #expect(seen([("apikey", "unknown")]) == "none")
        #expect(seen([]) == "none")
    }

    @Test("keys that count no more are refused wherever they stand, but not of a browser that asks first")
    func refused() {
        #expect(seen([("apikey", "old.c.d")]) == nil)
        #expect(seen([("authorization", "Bearer old.c.x")]) == nil)
        #expect(seen([("apikey", "sb_publishable_1"), ("apikey", "old.c.d")]) == nil)
        #expect(seen([("apikey", "old.c.d")], method: "OPTIONS") == "none")
    }
}
