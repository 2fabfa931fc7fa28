import DataPlaneCore
import TokenKit

/// A provider with its settings: what is asked of it, and where.
struct ResolvedProvider: Sendable {
    let definition: ProviderDefinition
    let settings: ExternalProvider
    let redirectURI: String

    var name: String { definition.name }

    /// A provider that flows can begin at.
    ///
    /// - Throws: `validation_failed`, in GoTrue's words.
    init(_ name: String, configuration: AuthConfiguration) throws(AuthError) {
        guard let definition = ProviderDefinition.named(name) else {
            throw .unsupportedProvider("Provider \(name.prefix(64)) could not be found")
        }
        guard let settings = configuration.external.providers[name], settings.isEnabled else {
            throw .unsupportedProvider("provider is not enabled")
        }
        self.init(definition, settings: settings, configuration: configuration)
        guard !clientID.isEmpty else { throw .unsupportedProvider("missing OAuth client ID") }
        guard !settings.secret.isEmpty else { throw .unsupportedProvider("missing OAuth secret") }
        guard base("auth") != nil else {
            throw .unsupportedProvider("unable to find URL for the provider \(name)")
        }
    }

    /// A provider of which only ID tokens are looked at.
    init(_ definition: ProviderDefinition, settings: ExternalProvider, configuration: AuthConfiguration) {
        self.definition = definition
        self.settings = settings
        redirectURI = settings.redirectURI ?? configuration.externalURL + "/callback"
    }

    var clientID: String { settings.clientIDs.first ?? "" }

    /// What the address of no single tenant has.
    private static let allTenants: Set<String> = ["common", "organizations", "consumers"]

    /// How ID tokens are checked and read. Where all tenants come in, silence about an address counts as no.
    var openID: OpenIDRule? {
        guard var rule = definition.openID, case .trueOrUnsaid(let path) = rule.profile.verified else {
            return definition.openID
        }
        let parts = settings.url?.lowercased().split(separator: "/").map(String.init) ?? []
        if parts.count < 3 || parts.contains(where: Self.allTenants.contains) { rule.profile.verified = .any([path]) }
        return rule
    }

    // MARK: Addresses

    private func base(_ name: Substring) -> String? {
        switch name {
        case "auth": settings.url ?? definition.auth
        case "api":
            settings.apiURL ?? settings.url.map { $0 + definition.ownAPIPath } ?? definition.api ?? definition.auth
        case "client_id": clientID
        default: nil
        }
    }

    /// A template with this provider's bases in it.
    func address(_ template: String) -> String? { Template(template).filled(base) }

    var issuerName: String { address(definition.issuerName) ?? definition.name }

    /// Accepted values of `iss`, `{tenant}` still in them.
    func issuers(_ rule: OpenIDRule) -> [String] {
        let templates = settings.url == nil ? rule.issuers : rule.ownIssuers ?? rule.issuers
        return templates.compactMap { template in
            Template(template).filled { $0 == "tenant" ? "{tenant}" : base($0) }
        }
    }

    // MARK: Requests

    /// What the browser takes along to the provider.
    struct Authorization: Sendable {
        var state: String
        /// Further scopes, as the caller names them: separated by commas or blanks.
        var scopes = ""
        var nonce: String?
        /// The challenge of this server's own verifier.
        var challenge: String?
        var parameters: [(name: String, value: String)] = []
    }

    /// Names that callers cannot set at the provider, and those that are meant for this server.
    private static let controlled: Set<String> = [
        "client_id", "client_secret", "redirect_uri", "response_type", "state", "code_challenge",
        "code_challenge_method", "code_verifier", "provider", "scopes", "redirect_to", "invite_token",
        "skip_http_redirect",
    ]

    /// The address of the provider's page.
    func authorizationURL(_ authorization: Authorization) -> String? {
        guard let address = address(definition.authorize) else { return nil }
        var pairs: [(name: String, value: String)] = [
            ("client_id", clientID), ("redirect_uri", redirectURI), ("response_type", "code"),
            ("scope", scope(authorization.scopes)), ("state", authorization.state),
        ]
        pairs += definition.fixedParameters.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if let nonce = authorization.nonce { pairs.append(("nonce", nonce)) }
        if let challenge = authorization.challenge {
            pairs += [("code_challenge", challenge), ("code_challenge_method", "S256")]
        }
        for (name, value) in authorization.parameters where !Self.controlled.contains(name.lowercased()) {
            let name = definition.renamedParameters[name] ?? name
            if name == "scope" { pairs.removeAll { $0.name == "scope" } }
            if !pairs.contains(where: { $0.name.lowercased() == name.lowercased() }) { pairs.append((name, value)) }
        }
        return address + (address.contains("?") ? "&" : "?") + FormText.encode(pairs.filter { !$0.value.isEmpty })
    }

    /// The provider's own scopes and those of the caller.
    func scope(_ wanted: String) -> String {
        let wanted = wanted.split { $0 == "," || $0 == " " }.map(String.init)
        return (definition.scopes + wanted.filter { !definition.scopes.contains($0) }).joined(separator: " ")
    }

    func tokenRequest(code: String, verifier: String?) -> OutboundRequest? {
        guard let address = address(definition.token) else { return nil }
        var form: [(name: String, value: String)] = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURI),
        ]
        if let verifier { form.append(("code_verifier", verifier)) }
        switch definition.clientAuthentication {
        case .body:
            return .provider(
                form: form + [("client_id", clientID), ("client_secret", settings.secret)], to: address)
        case .basic:
            // RFC 6749 §2.3.1: both are form-encoded first.
            let pair = "\(FormText.encode(clientID)):\(FormText.encode(settings.secret))"
            let header = (name: "Authorization", value: "Basic \(Base64.encode(Array(pair.utf8)))")
            return .provider(form: form, to: address, headers: [header])
        }
    }

    /// A request for one of the provider's documents.
    func documentRequest(_ template: String, token: String) throws(TokenError) -> OutboundRequest? {
        guard var url = address(template) else { return nil }
        let headers = (definition.userinfo?.headers ?? [:]).sorted { $0.key < $1.key }
            .compactMap { name, value in address(value).map { (name: name, value: $0) } }
        if definition.userinfo?.hasProof == true {
            let proof = try Digest.hmacSHA256(Array(token.utf8), key: KeyBytes(Array(settings.secret.utf8)))
            url += (url.contains("?") ? "&" : "?") + "appsecret_proof=\(Hex.encode(proof))"
        }
        return .provider("GET", url, headers: headers + [("Authorization", "Bearer \(token)")])
    }
}

extension AuthError {
    static func unsupportedProvider(_ reason: String) -> AuthError { .validation("Unsupported provider: \(reason)") }
}
