import DataPlaneCore
import Foundation
import Synchronization
import Testing
import TokenKit

@testable import AuthAPI

/// Providers of the tests' own, as a function from requests to answers. Behind every address there is the same one:
/// it gives codes to tests, exchanges each once, signs ID tokens and publishes its keys.
final class ProviderDouble: OutboundHTTP {
    /// What a code stands for.
    struct Visit: Sendable {
        /// Members of the profile document, and claims of the ID token beside the usual ones.
        var user: [JSONText.Member]
        var nonce: String?
        var hasIDToken = true
    }

    struct State {
        var visits: [String: Visit] = [:]
        var tokens: [String: Visit] = [:]
        var requests: [OutboundRequest] = []
        var key: ES256PrivateKey
        var keyID = "first"
        var count = 0
        /// Answers in place of the provider's own, by what the address contains.
        var overrides: [String: OutboundResponse] = [:]
        var issuer = "https://accounts.google.com"
        var audience = "client"
    }

    let state: Mutex<State>

    init() throws { state = Mutex(State(key: try ES256PrivateKey.generate())) }

    // MARK: For tests

    /// The user signs in at the provider: a code.
    func visit(_ user: [JSONText.Member], nonce: String? = nil, hasIDToken: Bool = true) -> String {
        state.withLock {
            $0.count += 1
            $0.visits["code\($0.count)"] = Visit(user: user, nonce: nonce, hasIDToken: hasIDToken)
            return "code\($0.count)"
        }
    }

    func set<Value>(_ path: WritableKeyPath<State, Value>, _ value: Value) {
        state.withLock { $0[keyPath: path] = value }
    }

    func override(_ part: String, status: Int = 200, _ body: String) {
        state.withLock { $0.overrides[part] = OutboundResponse(status: status, body: Array(body.utf8)) }
    }

    func rotateKey() throws {
        let key = try ES256PrivateKey.generate()
        state.withLock { ($0.key, $0.keyID) = (key, "second") }
    }

    var requests: [OutboundRequest] { state.withLock { $0.requests } }

    func count(of part: String) -> Int { requests.count { $0.url.contains(part) } }

    /// A signed ID token; claims in `changes` replace the usual ones, null ones take them away.
    func idToken(_ changes: [JSONText.Member] = [], header: [JSONText.Member] = []) throws -> String {
        let (key, keyID, issuer, audience) = state.withLock { ($0.key, $0.keyID, $0.issuer, $0.audience) }
        let now = Int64(Date().timeIntervalSince1970)
        let usual: [JSONText.Member] = [
            .init("iss", .string(issuer)), .init("aud", .string(audience)), .init("sub", .string("subject")),
            .init("iat", .number(String(now))), .init("exp", .number(String(now + 600))),
            .init("email", .string("a@b.example")), .init("email_verified", .bool(true)),
            .init("name", .string("Ada")),
        ]
        let claims = Metadata.merge(.object(usual), changes)
        let head = Metadata.merge(
            .object([.init("alg", .string("ES256")), .init("kid", .string(keyID))]), header)
        let signed = [head, claims].map { Base64URL.encode(Array($0.text.utf8)) }.joined(separator: ".")
        return "\(signed).\(Base64URL.encode(try key.signature(of: Array(signed.utf8))))"
    }

    // MARK: The provider

    func send(_ request: OutboundRequest) async throws(OutboundFailure) -> OutboundResponse {
        let override = state.withLock { state -> OutboundResponse? in
            state.requests.append(request)
            return state.overrides.first { request.url.contains($0.key) }?.value
        }
        if let override { return override }
        if request.url.hasSuffix("/.well-known/openid-configuration") { return discovery(request.url) }
        if request.url.hasSuffix("/keys") { return keys() }
        if request.method == "POST" { return exchanged(request) }
        return profile(request)
    }

    private func answer(_ members: [JSONText.Member], status: Int = 200) -> OutboundResponse {
        OutboundResponse(status: status, body: Array(JSONText.object(members).text.utf8))
    }

    private func discovery(_ url: String) -> OutboundResponse {
        let issuer = state.withLock { $0.issuer }
        return answer([.init("issuer", .string(issuer)), .init("jwks_uri", .string("https://keys.example/keys"))])
    }

    private func keys() -> OutboundResponse {
        let (key, keyID) = state.withLock { ($0.key.publicKey.x963, $0.keyID) }
        let coordinate = { (range: Range<Int>) in JSONText.string(Base64URL.encode(Array(key[range]))) }
        let jwk = JSONText.object([
            .init("kty", .string("EC")), .init("crv", .string("P-256")), .init("kid", .string(keyID)),
            .init("x", coordinate(1..<33)), .init("y", coordinate(33..<65)),
        ])
        let secret = JSONText.object([
            .init("kty", .string("oct")), .init("kid", .string(keyID)),
            .init("k", .string(Base64URL.encode([UInt8](repeating: 1, count: 32)))),
        ])
        return answer([.init("keys", .array([secret, jwk]))])
    }

    private func exchanged(_ request: OutboundRequest) -> OutboundResponse {
        let form = FormText.pairs(String(decoding: request.body, as: UTF8.self))
        let code = form.first { $0.name == "code" }?.value ?? ""
        let visit = state.withLock { state in
            let visit = state.visits.removeValue(forKey: code)
            state.tokens["access-\(code)"] = visit
            return visit
        }
        guard let visit else { return answer([.init("error", .string("invalid_grant"))], status: 400) }
        var members: [JSONText.Member] = [
            .init("access_token", .string("access-\(code)")), .init("refresh_token", .string("refresh-\(code)")),
            .init("token_type", .string("bearer")),
        ]
        let nonce = visit.nonce.map { [JSONText.Member("nonce", .string($0))] } ?? []
        if visit.hasIDToken, let token = try? idToken(visit.user + nonce) {
            members.append(.init("id_token", .string(token)))
        }
        return answer(members)
    }

    private func profile(_ request: OutboundRequest) -> OutboundResponse {
        let bearer = request.headers.first { $0.name == "Authorization" }?.value.dropFirst("Bearer ".count) ?? ""
        guard let visit = state.withLock({ $0.tokens[String(bearer)] }) else {
            return answer([.init("error", .string("invalid_token"))], status: 401)
        }
        return answer(visit.user)
    }
}

extension AuthFixture {
    /// A service with providers that are all the double.
    static func with(
        _ double: ProviderDouble, clock: TestClock? = nil, reports: ReportedTexts? = nil,
        _ change: (inout AuthConfiguration) -> Void = { _ in }
    ) async throws -> AuthFixture {
        let configure = { (configuration: inout AuthConfiguration) in
            for name in ["google", "github", "spotify", "keycloak", "apple", "x"] {
                var provider = ExternalProvider()
                provider.isEnabled = true
                provider.clientIDs = ["client", "other-client"]
                provider.secret = "secret"
                if name == "keycloak" { provider.url = "https://sso.example/realms/one" }
                configuration.external.providers[name] = provider
            }
            change(&configuration)
        }
        return try await with(nil, clock: clock, http: double, reports: reports, configure)
    }

    /// A flow that has left: the state, and the nonce if the provider takes one.
    func leave(_ query: String, token: String? = nil, path: String = "/authorize") async -> (
        state: String, nonce: String
    ) {
        let answer = await ask("GET", "\(path)?\(query)", token: token)
        let parts = answer.header("Location").split(separator: "?", maxSplits: 1).map(String.init)
        let pairs = FormText.pairs(parts.count > 1 ? parts[1] : "")
        return (
            pairs.first { $0.name == "state" }?.value ?? "", pairs.first { $0.name == "nonce" }?.value ?? ""
        )
    }

    /// The whole way at a provider that gives a profile document or an ID token.
    func signIn(_ provider: String, at double: ProviderDouble, as user: [JSONText.Member]) async -> Answer {
        let left = await leave("provider=\(provider)")
        let code = double.visit(user, nonce: left.nonce.isEmpty ? nil : left.nonce)
        return await ask("GET", "/callback?state=\(left.state)&code=\(code)")
    }
}

extension AuthFixture.Answer {
    var location: String { header("Location") }

    /// Members of the fragment that the answer leads to.
    func fragment(_ name: String) -> String {
        let fragment = location.split(separator: "#", maxSplits: 1).last.map(String.init) ?? ""
        return FormText.pairs(fragment).first { $0.name == name }?.value ?? ""
    }
}

extension [JSONText.Member] {
    /// A user of a profile document.
    static func user(_ id: String, email: String? = nil, isVerified: Bool = true) -> Self {
        var members: Self = [.init("sub", .string(id)), .init("id", .string(id)), .init("name", .string("Ada"))]
        members.append(.init("email", email.map { .string($0) } ?? .null))
        return members + [.init("email_verified", .bool(isVerified))]
    }
}
