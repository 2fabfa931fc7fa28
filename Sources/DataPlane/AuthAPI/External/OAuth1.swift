import DataPlaneCore
import TokenKit

/// Requests signed by OAuth 1.0a with HMAC-SHA1 (RFC 5849).
struct OAuth1: Sendable {
    /// A token and its secret.
    struct Credentials: Sendable, Equatable {
        var token: String
        var secret: String
    }

    let clientID: String
    let clientSecret: String
    /// Different for each request.
    let nonce: String
    /// Seconds since the epoch.
    let timestamp: Int64

    /// The header of a request.
    ///
    /// - Parameters:
    ///   - parameters: of the protocol, beside the usual ones: `oauth_callback`, `oauth_verifier`.
    func authorization(
        _ method: String, url: String, credentials: Credentials? = nil, parameters: [(name: String, value: String)] = []
    ) throws(TokenError) -> String {
        var own = [
            ("oauth_consumer_key", clientID), ("oauth_nonce", nonce), ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", String(timestamp)), ("oauth_version", "1.0"),
        ]
        if let credentials { own.append(("oauth_token", credentials.token)) }
        own += parameters.map { ($0.name, $0.value) }
        let base = Self.base(method, url: url, parameters: own)
        let key = "\(Self.encode(clientSecret))&\(Self.encode(credentials?.secret ?? ""))"
        let signature = try Digest.hmacSHA1(Array(base.utf8), key: KeyBytes(Array(key.utf8)))
        own.append(("oauth_signature", Base64.encode(signature)))
        return "OAuth " + own.map { "\(Self.encode($0.0))=\"\(Self.encode($0.1))\"" }.joined(separator: ", ")
    }

    /// The text that is signed (RFC 5849 §3.4.1).
    static func base(_ method: String, url: String, parameters: [(String, String)]) -> String {
        let parts = url.split(separator: "?", maxSplits: 1).map(String.init)
        let query = parts.count > 1 ? FormText.pairs(parts[1]).map { ($0.name, $0.value) } : []
        let pairs = (parameters + query).map { (encode($0.0), encode($0.1)) }
            .sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 < $1.0 }
        let text = pairs.map { "\($0.0)=\($0.1)" }.joined(separator: "&")
        return [method, parts.first ?? "", text].map(encode).joined(separator: "&")
    }

    /// RFC 5849 §3.6: a blank is `%20`.
    private static func encode(_ text: String) -> String { FormText.encode(text).replacing("+", with: "%20") }
}

extension ProviderClient {
    /// Asks for the token with which a user is sent to the provider.
    func requestToken(
        at provider: ResolvedProvider, callback: String
    ) async throws(ProviderFailure) -> OAuth1.Credentials {
        try await credentials(
            provider.definition.requestToken, at: provider, for: nil, parameters: [("oauth_callback", callback)])
    }

    /// Exchanges the token with which a user has come back.
    func accessToken(
        at provider: ResolvedProvider, for request: OAuth1.Credentials, verifier: String
    ) async throws(ProviderFailure) -> OAuth1.Credentials {
        try await credentials(
            provider.definition.token, at: provider, for: request, parameters: [("oauth_verifier", verifier)])
    }

    /// Who the user of an access token is.
    func profile(
        of credentials: OAuth1.Credentials, at provider: ResolvedProvider
    ) async throws(ProviderFailure) -> ExternalProfile {
        guard let url = provider.definition.userinfo.flatMap({ provider.address($0.url) }) else {
            throw .unavailable("its address is not configured")
        }
        let header = try authorization("GET", url: url, at: provider, with: credentials)
        let answer = try await exchange.answer(to: .provider("GET", url, headers: [("Authorization", header)]))
        guard answer.isSuccess, let json = answer.document else { throw .refused(status: answer.status, error: nil) }
        return try Self.read(json, as: provider.definition.profile, provider)
    }

    private func credentials(
        _ template: String?, at provider: ResolvedProvider, for token: OAuth1.Credentials?,
        parameters: [(name: String, value: String)]
    ) async throws(ProviderFailure) -> OAuth1.Credentials {
        guard let url = template.flatMap({ provider.address($0) }) else {
            throw .unavailable("its address is not configured")
        }
        let header = try authorization("POST", url: url, at: provider, with: token, parameters: parameters)
        let answer = try await exchange.answer(to: .provider("POST", url, headers: [("Authorization", header)]))
        let pairs = FormText.pairs(String(decoding: answer.body, as: UTF8.self))
        let value = { (name: String) in pairs.first { $0.name == name }?.value ?? "" }
        let made = OAuth1.Credentials(token: value("oauth_token"), secret: value("oauth_token_secret"))
        guard answer.isSuccess, !made.token.isEmpty else { throw .refused(status: answer.status, error: nil) }
        return made
    }

    private func authorization(
        _ method: String, url: String, at provider: ResolvedProvider, with credentials: OAuth1.Credentials?,
        parameters: [(name: String, value: String)] = []
    ) throws(ProviderFailure) -> String {
        do throws(TokenError) {
            let signer = OAuth1(
                clientID: provider.clientID, clientSecret: provider.settings.secret,
                nonce: Hex.encode(try RandomSource.bytes(16)), timestamp: Int64(clock()))
            return try signer.authorization(method, url: url, credentials: credentials, parameters: parameters)
        } catch { throw .crypto }
    }
}
