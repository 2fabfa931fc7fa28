import Testing
import TokenKit

@testable import DataPlaneCore

/// A service that knows who asks, as the services behind the gateway do: by the one reader of bearer tokens.
private struct Who: DataPlaneService {
    func bodyBytesMax(for request: ServiceRequest) -> Int { 0 }
    func refusal(ofHead request: ServiceRequest) -> ServiceResponse? { nil }
    func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse {
        ServiceResponse(status: 413)
    }
    func respond(to request: ServiceRequest) async -> ServiceResponse {
        do throws(TokenRefusal) {
            let token = try BearerToken.of(request)
            return ServiceResponse(
                status: 200,
                json: .object([
                    .init("token", token.map { .string($0) } ?? .null),
                    .init("header", request.header("authorization").map { .string($0) } ?? .null),
                ]))
        } catch { return ServiceResponse(status: 401) }
    }
}

@Suite("Bearer tokens")
struct BearerTokenTests {
    private static func request(
        _ headers: [(name: String, value: String)], path: String = "/", query: String = "", method: String = "GET"
    ) -> ServiceRequest {
        ServiceRequest(method: method, path: path, query: query, headers: headers, body: [])
    }

    private static func token(of header: String) throws(TokenRefusal) -> String? {
        try BearerToken.of(request([("authorization", header)]))
    }

    @Test(
        "a header is read in one way",
        arguments: [
            ("Bearer a.b-_.c=", "a.b-_.c="), ("bearer a", "a"), ("BEARER   a", "a"), ("", nil), ("Basic YTpi", nil),
            ("Negotiate", nil), ("Bearers a", nil),
        ] as [(String, String?)])
    func read(header: String, token: String?) throws { #expect(try Self.token(of: header) == token) }

    @Test("no header is no token, and two are none that counts")
    func count() throws {
        #expect(try BearerToken.of(Self.request([])) == nil)
        #expect(throws: TokenRefusal.undecodable) {
            try BearerToken.of(Self.request([("authorization", "Bearer a"), ("authorization", "Bearer a")]))
        }
    }

    @Test("the scheme alone has an empty token", arguments: ["Bearer", "bearer ", "Bearer    "])
    func empty(header: String) {
        #expect(throws: TokenRefusal.empty) { try Self.token(of: header) }
    }

    /// What one reader or another takes for white space, or joins headers with.
    static let strange = [
        "\t", "\u{0B}", "\u{0C}", "\r", "\n", "\0", "\u{1C}", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}", "\u{200B}",
        "\u{2028}", "\u{2029}", "\u{202F}", "\u{3000}", "\u{FEFF}", "\u{301}", "\u{7F}", ",", ", ", ";", "\"", "%20",
    ]

    /// Places of a strange text in a header with the token `d.e.f`.
    static func headers(with strange: String) -> [String] {
        [
            "Bearer \(strange)d.e.f", "Bearer\(strange)d.e.f", "Bearer\(strange) d.e.f", "\(strange)Bearer d.e.f",
            "Bearer d.e.f\(strange)", "Bearer d.\(strange)e.f", "Bearer \(strange) d.e.f", "Bearer d.e.f \(strange)",
            "Bearer a.b.c\(strange)Bearer d.e.f",
        ]
    }

    private static let gateway = Gateway(
        mounts: [
            .init(prefix: "/rest/v1", service: Who()),
            .init(prefix: "/auth/v1", openPaths: ["/verify"], service: Who()),
        ],
        keys: APIKeys(
            tokens: [], names: [("sb_publishable_1", "a.b.c"), ("sb_secret_1", "d.e.f")], refused: ["d.e.f"]),
        isReady: { true })

    private static let paths = ["/rest/v1/items", "/auth/v1/user", "/auth/v1/verify"]

    @Test("a key that is switched off opens nothing with any white space around it", arguments: strange)
    func switchedOff(strange: String) async {
        for header in Self.headers(with: strange) {
            for path in Self.paths {
                let request = Self.request([("apikey", "sb_publishable_1"), ("authorization", header)], path: path)
                let answer = await Self.gateway.respond(to: request)
                let body = String(decoding: answer.body, as: UTF8.self)
                // What is no bearer token at all may be ignored: then the key says who asks.
                let isIgnored = answer.status == 200 && body.contains(#""header":"Bearer a.b.c""#)
                #expect(answer.status == 401 || isIgnored, "\(header.debugDescription): \(body)")
                #expect(!body.contains("d.e.f"))
            }
        }
    }

    @Test("leading, doubled and trailing spaces open nothing either")
    func spaces() async {
        for header in [" Bearer d.e.f", "Bearer   d.e.f", "Bearer d.e.f ", "BEARER d.e.f", "Bearer d.e.f=", "Bearer "] {
            for path in Self.paths {
                let request = Self.request([("apikey", "sb_publishable_1"), ("authorization", header)], path: path)
                #expect(await Self.gateway.respond(to: request).status == 401, "\(header.debugDescription)")
                #expect(Self.gateway.refusal(ofHead: request)?.status == 401)
            }
        }
    }

    @Test("a key with a strange character is none, in the header and in the query", arguments: strange + ["", " "])
    func keys(strange: String) async {
        for key in ["\(strange)sb_publishable_1", "sb_publishable_1\(strange)"] where !strange.isEmpty {
            #expect(await Self.status(key: key) == 401)
        }
        for key in ["\(strange)d.e.f", "d.e.f\(strange)"] {
            #expect(await Self.status(key: key) == 401)
            let bearer = ("authorization", "Bearer sb_publishable_1")
            for path in Self.paths {
                let header = Self.request([("apikey", key), bearer], path: path)
                #expect(await Self.gateway.respond(to: header).status == 401)
                let query = Self.request([bearer], path: path, query: "apikey=\(key)")
                #expect(await Self.gateway.respond(to: query).status == 401)
            }
        }
    }

    private static func status(key: String) async -> Int {
        await gateway.respond(to: request([("apikey", key)], path: "/rest/v1/items")).status
    }

    @Test("a service sees the token as the gateway read it, and never the header as it came")
    func normalised() async {
        func seen(_ authorization: String, path: String = "/rest/v1/items", key: Bool = true) async -> String {
            var headers: [(name: String, value: String)] = [("authorization", authorization)]
            if key { headers.append(("apikey", "sb_publishable_1")) }
            return String(
                decoding: await Self.gateway.respond(to: Self.request(headers, path: path)).body, as: UTF8.self)
        }
        #expect(await seen("bEARER    x.y.z") == #"{"token":"x.y.z","header":"Bearer x.y.z"}"#)
        #expect(await seen("Basic YTpi") == #"{"token":"a.b.c","header":"Bearer a.b.c"}"#)
        #expect(await seen("Basic YTpi", path: "/auth/v1/verify", key: false) == #"{"token":null,"header":null}"#)
        let bare = await seen("bearer  x.y.z", path: "/auth/v1/verify", key: false)
        #expect(bare == #"{"token":"x.y.z","header":"Bearer x.y.z"}"#)
    }

    @Test("a preflight carries no token to a service")
    func preflight() async {
        let request = Self.request(
            [
                ("origin", "https://a.example"), ("access-control-request-method", "GET"),
                ("authorization", "Bearer d.e.f"),
            ], path: "/rest/v1/items", method: "OPTIONS")
        let body = String(decoding: await Self.gateway.respond(to: request).body, as: UTF8.self)
        #expect(body == #"{"token":null,"header":null}"#)
    }

    @Test("a key that is switched off is refused as long as a verifier looks at it")
    func long() async {
        let padding = String(repeating: "=", count: APIKeys.bytesMax)
        let request = Self.request(
            [("apikey", "sb_publishable_1"), ("authorization", "Bearer d.e.f\(padding)")], path: "/rest/v1/items")
        #expect(await Self.gateway.respond(to: request).status == 401)
    }
}
