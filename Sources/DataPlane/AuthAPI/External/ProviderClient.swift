import DataPlaneCore
import TokenKit

/// What a provider gives for a code.
struct ProviderTokens: Sendable, Equatable {
    var access: String
    var refresh: String?
    var id: String?
    /// The whole answer.
    var answer: JSONText = .object([])
}

/// The one engine of all providers: exchanges codes and reads who the user is.
struct ProviderClient: Sendable {
    let exchange: ProviderExchange
    let documents: ProviderDocuments
    let clock: @Sendable () -> Double

    /// - Parameter http: the way to the providers; nil: there is none.
    init(http: (any OutboundHTTP)?, clock: @escaping @Sendable () -> Double) {
        exchange = ProviderExchange(http: http)
        self.clock = clock
        documents = ProviderDocuments(exchange: exchange, clock: clock)
    }

    // MARK: Codes

    func tokens(
        from provider: ResolvedProvider, code: String, verifier: String?
    ) async throws(ProviderFailure) -> ProviderTokens {
        guard let request = provider.tokenRequest(code: code, verifier: verifier) else {
            throw .unavailable("its address is not configured")
        }
        let answer = try await exchange.answer(to: request)
        // Some say 200 and put the error into the body.
        guard answer.isSuccess, let json = answer.document, let access = json["access_token"]?.stringValue,
            !access.isEmpty
        else { throw .refused(status: answer.status, error: answer.errorName) }
        return ProviderTokens(
            access: access, refresh: json["refresh_token"]?.stringValue, id: json["id_token"]?.stringValue,
            answer: json)
    }

    // MARK: Profiles

    /// Who the user is, by the ID token or the profile document, as the provider's definition says.
    func profile(
        of tokens: ProviderTokens, at provider: ResolvedProvider, nonce: String?
    ) async throws(ProviderFailure) -> ExternalProfile {
        switch provider.definition.source {
        case .tokenAnswer: return try Self.read(tokens.answer, as: provider.definition.profile, provider)
        case .idToken:
            guard let text = tokens.id, let rule = provider.openID else {
                return try await document(tokens.access, at: provider)
            }
            let rules = IDTokenRules(
                issuers: provider.issuers(rule), audiences: provider.settings.clientIDs,
                nonce: rule.hasNonce ? nonce.map { .exact($0) } ?? .unchecked : .unchecked, accessToken: tokens.access)
            return try await profile(idToken: text, at: provider, rule: rule, rules: rules)
        case .userinfo: return try await document(tokens.access, at: provider)
        }
    }

    /// The user of an ID token whose signature and claims were checked.
    func profile(
        idToken text: String, at provider: ResolvedProvider, rule: OpenIDRule, rules: IDTokenRules
    ) async throws(ProviderFailure) -> ExternalProfile {
        guard let base = provider.address(rule.discovery) else { throw .unavailable("its address is not configured") }
        let isOwn = rule.acceptsDiscovered && provider.settings.url != nil
        return try await profile(idToken: text, keysAt: base, map: rule.profile, rules: rules, acceptsDiscovered: isOwn)
    }

    /// - Parameter acceptsDiscovered: whether the issuer that the discovery document names counts beside the rules'.
    func profile(
        idToken text: String, keysAt base: String, map: ProfileMap, rules: IDTokenRules, acceptsDiscovered: Bool
    ) async throws(ProviderFailure) -> ExternalProfile {
        let token: IDToken
        do throws(IDTokenProblem) { token = try IDToken(text) } catch { throw .token(error) }
        let set = try await documents.keySet(at: base, for: token)
        var rules = rules
        if acceptsDiscovered {
            rules.issuers.append(set.issuer.replacing("{tenantid}", with: "{tenant}"))
        } else if !rules.issuers.contains(where: { $0.contains("{tenant}") }), !rules.issuers.contains(set.issuer) {
            throw .unreadable("the discovery document at \(base) is another issuer's")
        }
        let claims: JSONText
        do throws(IDTokenProblem) {
            claims = try token.claims(signedBy: set.keys, at: clock())
            try rules.check(claims)
        } catch { throw .token(error) }
        return try Self.read(claims, as: map, issuer: claims["iss"]?.stringValue ?? base)
    }

    private func document(
        _ token: String, at provider: ResolvedProvider
    ) async throws(ProviderFailure) -> ExternalProfile {
        guard let userinfo = provider.definition.userinfo else { throw .unreadable("it has no ID token") }
        let json = try await fetch(userinfo.url, token: token, at: provider)
        var profile = try Self.read(json, as: provider.definition.profile, provider)
        if let emails = provider.definition.emails {
            Self.add(try await fetch(emails.url, token: token, at: provider), as: emails, to: &profile)
        }
        return profile
    }

    private func fetch(
        _ template: String, token: String, at provider: ResolvedProvider
    ) async throws(ProviderFailure) -> JSONText {
        let request: OutboundRequest?
        do throws(TokenError) { request = try provider.documentRequest(template, token: token) } catch {
            throw .crypto
        }
        guard let request else { throw .unavailable("its address is not configured") }
        let answer = try await exchange.answer(to: request)
        guard answer.isSuccess, let json = answer.document else {
            throw .refused(status: answer.status, error: answer.errorName)
        }
        return json
    }

    // MARK: Reading

    static func read(
        _ json: JSONText, as map: ProfileMap, _ provider: ResolvedProvider
    ) throws(ProviderFailure) -> ExternalProfile {
        try read(json, as: map, issuer: provider.issuerName)
    }

    private static func read(
        _ json: JSONText, as map: ProfileMap, issuer: String
    ) throws(ProviderFailure) -> ExternalProfile {
        guard let profile = map.profile(in: json, issuer: issuer) else { throw .unreadable("it names no user") }
        return profile
    }

    static func add(_ json: JSONText, as rule: EmailDocument, to profile: inout ExternalProfile) {
        for element in rule.list.value(in: json)?.arrayValue ?? [] {
            guard let address = rule.email.text(in: element) else { continue }
            profile.add(
                address, isVerified: rule.verified.isVerified(in: element),
                isPrimary: rule.primary?.isTrue(in: element) ?? profile.emails.isEmpty)
        }
    }

    /// Takes over the name that comes with the callback, the first time only, and is not signed.
    static func addUserField(_ text: String, to profile: inout ExternalProfile) {
        guard text.utf8.count <= userFieldBytesMax, let json = try? JSONText(Array(text.utf8)) else { return }
        let rule = ProfileText.words(["name.firstName", "name.lastName"])
        guard let name = rule.text(in: json) else { return }
        profile.claims += [.init("name", .string(name)), .init("full_name", .string(name))]
    }

    private static let userFieldBytesMax = 4_096
}
