import DataPlaneCore
import Testing
import TokenKit

/// Answers with what it was asked.
private struct Echo: DataPlaneService {
    let name: String

    func bodyBytesMax(for request: ServiceRequest) -> Int { 7 }
    func refusal(ofHead request: ServiceRequest) -> ServiceResponse? { nil }
    func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse {
        ServiceResponse(status: 413)
    }
    func respond(to request: ServiceRequest) async -> ServiceResponse {
        var response = ServiceResponse(status: 200)
        let parts = [name, request.path, request.query, request.header("authorization") ?? "-"]
        response.body = Array(parts.joined(separator: " ").utf8)
        return response
    }
}

@Suite("Gateway")
struct GatewayTests {
    private let gateway = Gateway(
        mounts: [
            .init(prefix: "/auth/v1", openPaths: ["/verify", "/.well-known/"], service: Echo(name: "auth")),
            .init(prefix: "/rest/v1", service: Echo(name: "rest")),
            .init(prefix: "/storage/v1", openPaths: ["/"], signedPaths: ["/s3"], service: Echo(name: "storage")),
        ],
        keys: APIKeys(tokens: ["anon", "service"], names: [("sb_publishable_1", "anon")]), isReady: { false })

    private func ask(
        _ target: String, _ headers: [(name: String, value: String)] = [], method: String = "GET"
    ) async -> (status: Int, body: String, response: ServiceResponse) {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        let request = ServiceRequest(
            method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: headers, body: [])
        let response: ServiceResponse
        if let refusal = gateway.refusal(ofHead: request) {
            response = refusal
            #expect(await gateway.respond(to: request).status == refusal.status)
        } else {
            response = await gateway.respond(to: request)
        }
        return (response.status, String(decoding: response.body, as: UTF8.self), response)
    }

    @Test("a key in a header, the query or the bearer token lets a request in")
    func aKeyInAHeaderThe() async {
        #expect(await ask("/rest/v1/items?id=eq.1", [("apikey", "anon")]).body == "rest /items id=eq.1 Bearer anon")
        #expect(await ask("/rest/v1/items?apikey=service&id=eq.1").body == "rest /items id=eq.1 Bearer service")
        #expect(await ask("/rest/v1/items?id=eq.1&apikey=anon").body == "rest /items id=eq.1 Bearer anon")
        #expect(await ask("/rest/v1", [("authorization", "Bearer anon")]).body == "rest /  Bearer anon")
    }

    @Test("a user's token stays, an opaque key becomes its token")
    func aUsersTokenStaysAnOpaque() async {
        let user = [("apikey", "anon"), ("authorization", "Bearer user")]
        #expect(await ask("/auth/v1/user", user).body == "auth /user  Bearer user")
        let opaque = [("apikey", "sb_publishable_1"), ("authorization", "Bearer sb_publishable_1")]
        #expect(await ask("/auth/v1/user", opaque).body == "auth /user  Bearer anon")
    }

    @Test("who has no key stays outside, and a page may read why")
    func whoHasNoKeyStaysOutside() async {
        let missing = await ask("/rest/v1/items", [("origin", "https://a.example")])
        #expect(missing.status == 401 && missing.body.contains("No API key found in request"))
        #expect(missing.response.headers.contains { $0.name == "Access-Control-Allow-Origin" && $0.value == "*" })
        let wrong = await ask("/rest/v1/items", [("apikey", "anon2")])
        #expect(wrong.status == 401 && wrong.body.contains("Invalid API key"))
        #expect(await ask("/rest/v1/items", [("authorization", "Bearer user")]).status == 401)
        #expect(await ask("/auth/v1/verifyx").status == 401)
    }

    @Test("signed keys that are switched off open nothing, wherever they stand and however their signature is spelled")
    func signedKeysThatAreSwitchedOff() async {
        let gateway = Gateway(
            mounts: [.init(prefix: "/rest/v1", service: Echo(name: "rest"))],
            keys: APIKeys(
                tokens: [], names: [("sb_publishable_1", "a.b.c"), ("sb_secret_1", "d.e.f")],
                refused: ["a.b.c", "d.e.f"]), isReady: { true })
        func status(_ headers: [(name: String, value: String)], query: String = "") async -> Int {
            await gateway.respond(
                to: ServiceRequest(method: "GET", path: "/rest/v1/items", query: query, headers: headers, body: [])
            ).status
        }
        #expect(await status([("apikey", "sb_publishable_1")]) == 200)
        #expect(await status([("apikey", "sb_secret_1"), ("authorization", "Bearer sb_secret_1")]) == 200)
        #expect(await status([("apikey", "sb_publishable_1"), ("authorization", "Bearer user")]) == 200)
        #expect(await status([("apikey", "a.b.c")]) == 401)
        #expect(await status([("apikey", "sb_publishable_1"), ("authorization", "Bearer d.e.f")]) == 401)
        #expect(await status([("apikey", "sb_publishable_1"), ("authorization", "Bearer d.e.f=")]) == 401)
        #expect(await status([("apikey", "sb_publishable_1")], query: "apikey=d.e.f") == 401)
    }

    /// A token as HS256 has it; nothing looks at its signature.
    private func token(_ claims: String, algorithm: String = "HS256") -> String {
        let part = { (text: String) in Base64URL.encode(Array(text.utf8)) }
        return "\(part(#"{"alg":"\#(algorithm)","typ":"JWT"}"#)).\(part(claims)).c2ln"
    }

    @Test(
        "with signed keys off no token of the shared secret passes that lives as long as a key",
        arguments: [
            (#"{"role":"authenticated","iat":1000,"exp":4600}"#, "HS256", 200),
            (#"{"role":"authenticated","iat":1000,"exp":87400}"#, "HS256", 200),
            (#"{"role":"service_role","iat":1000,"exp":87401}"#, "HS256", 401),
            (#"{"role":"service_role","iat":1000,"exp":1900000000}"#, "HS256", 401),
            (#"{"role":"service_role"}"#, "HS256", 401), (#"{"role":"service_role","exp":4600}"#, "HS256", 401),
            (#"{"role":"service_role","iat":1000,"exp":"soon"}"#, "HS256", 401),
            (#"{"role":"service_role","iat":1000,"exp":1e999}"#, "HS256", 401),
            (#"{"role":"service_role","iat":1000,"exp":1900000000}"#, "HS512", 401),
            (#"{"role":"authenticated","iat":1000,"exp":1900000000}"#, "ES256", 200),
        ])
    func longLivedTokens(claims: String, algorithm: String, status: Int) async {
        let gateway = Gateway(
            mounts: [.init(prefix: "/auth/v1", openPaths: ["/verify"], service: Echo(name: "auth"))],
            keys: APIKeys(
                tokens: [], names: [("sb_publishable_1", "a.b.c")], refused: ["a.b.c"], sharedTokenSecondsMax: 86_400),
            isReady: { true })
        let token = token(claims, algorithm: algorithm)
        for path in ["/auth/v1/user", "/auth/v1/verify"] {
            let request = ServiceRequest(
                method: "GET", path: path, query: "",
                headers: [("apikey", "sb_publishable_1"), ("authorization", "Bearer \(token)")], body: [])
            #expect(await gateway.respond(to: request).status == status)
        }
    }

    @Test("a client that names itself twice is refused")
    func repeatedNames() async {
        let twice = await ask("/rest/v1/items", [("apikey", "anon"), ("apikey", "service")])
        #expect(twice.status == 400 && twice.body.contains("Repeated apikey"))
        let bearers = [("apikey", "anon"), ("authorization", "Bearer user"), ("authorization", "Bearer other")]
        #expect(await ask("/auth/v1/user", bearers).body.contains("Repeated authorization"))
        #expect(await ask("/auth/v1/verify?token=1", Array(bearers.dropFirst())).status == 400)
        #expect(await ask("/rest/v1/items?apikey=anon&apikey=service").status == 400)
    }

    @Test("a signature passes where the service checks it, and nothing else than a signature")
    func signatures() async {
        let value = "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=1"
        let signed = [("authorization", value)]
        #expect(await ask("/storage/v1/s3/docs?a=b", signed).body == "storage /s3/docs a=b \(value)")
        #expect(await ask("/storage/v1/s3", signed + [("apikey", "anon")]).body == "storage /s3  \(value)")
        #expect(await ask("/storage/v1/s3x", signed).body == "storage /s3x  -")
        #expect(await ask("/storage/v1/bucket", signed + [("apikey", "anon")]).body == "storage /bucket  Bearer anon")
        #expect(await ask("/rest/v1/s3/items", signed).status == 401)
        #expect(await ask("/storage/v1/s3/docs", signed + signed).status == 400)
        for other in ["a.b.c", "Basic a.b.c", "AWS4-HMAC-SHA256", "aws4-hmac-sha256 a.b.c", "AWS4-HMAC-SHA256X a"] {
            #expect(await ask("/storage/v1/s3/docs", [("authorization", other)]).body == "storage /s3/docs  -")
        }
        #expect(await ask("/storage/v1/s3/docs", [("authorization", "AWS4-HMAC-SHA256\ta.b.c")]).status == 401)
    }

    @Test("links, documents and preflights need no key")
    func linksDocumentsAndPreflightsNeedNo() async {
        #expect(await ask("/auth/v1/verify?token=1").body == "auth /verify token=1 -")
        #expect(await ask("/auth/v1/.well-known/jwks.json").status == 200)
        let preflight = [("origin", "https://a.example"), ("access-control-request-method", "POST")]
        #expect(await ask("/rest/v1/items", preflight, method: "OPTIONS").status == 200)
    }

    @Test("health and readiness are the gateway's own")
    func healthAndReadinessAreTheGateways() async {
        #expect(await ask("/health").status == 200)
        #expect(await ask("/ready").status == 503)
        #expect(await ask("/other").status == 404)
        #expect(await ask("/rest/v1x/items", [("apikey", "anon")]).status == 404)
    }
}
