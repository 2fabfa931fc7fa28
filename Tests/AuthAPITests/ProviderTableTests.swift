import DataPlaneCore
import Foundation
import Testing

@testable import AuthAPI

@Suite("Providers as data")
struct ProviderTableTests {
    private func resolved(
        _ name: String, _ change: (inout ExternalProvider) -> Void = { _ in }
    ) throws -> ResolvedProvider {
        var configuration = AuthConfiguration()
        configuration.externalURL = "http://auth.example/auth/v1"
        var provider = ExternalProvider()
        provider.isEnabled = true
        provider.clientIDs = ["client"]
        provider.secret = "s e:cret"
        if name == "keycloak" { provider.url = "https://sso.example/realms/one" }
        change(&provider)
        configuration.external.providers[name] = provider
        return try ResolvedProvider(name, configuration: configuration)
    }

    private func query(_ url: String) -> [String: String] {
        let pairs = FormText.pairs(url.split(separator: "?", maxSplits: 1).last.map(String.init) ?? "")
        return Dictionary(pairs.map { ($0.name, $0.value) }, uniquingKeysWith: { "\($0) AND \($1)" })
    }

    @Test("there are twenty-five, and each has a page, a way to exchange codes and a user")
    func isWhole() throws {
        #expect(ProviderDefinition.all.count == 25)
        #expect(Set(ProviderDefinition.all.map(\.name)).count == 25)
        for definition in ProviderDefinition.all {
            let provider = try resolved(definition.name)
            for template in [definition.authorize, definition.token] + [definition.userinfo?.url].compactMap({ $0 }) {
                let address = try #require(provider.address(template), "\(definition.name)")
                #expect(address.hasPrefix("https://") && !address.contains("{"), "\(address)")
            }
            if definition.source == .userinfo { #expect(definition.userinfo != nil) }
            if definition.source == .idToken { #expect(definition.openID != nil) }
        }
    }

    /// The published facts, where they lie beside the repository.
    private static let facts: [JSONText] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/data/auth-providers.json")
        guard let data = try? Data(contentsOf: file), let json = try? JSONText(Array(data)) else { return [] }
        return json["providers"]?.arrayValue ?? []
    }()

    @Test("addresses and scopes are the providers' own", .enabled(if: !facts.isEmpty), arguments: facts)
    func factsOfProviders(_ fact: JSONText) throws {
        let name = try #require(fact["name"]?.stringValue)
        let provider = try resolved(name)
        let definition = provider.definition
        let expected = { (member: String) in
            fact[member]?.stringValue?.replacing("{url}", with: "https://sso.example/realms/one")
        }
        #expect(provider.address(definition.authorize) == expected("authorize"))
        #expect(provider.address(definition.token) == expected("token"))
        if let userinfo = expected("userinfo"), name != "snapchat" {
            #expect(definition.userinfo.flatMap { provider.address($0.url) } == userinfo)
        }
        #expect(definition.scopes.map { .string($0) } == fact["scopes"]?.arrayValue)
        #expect(.bool(definition.usesPKCE) == fact["pkce_with_provider"])
        if let issuer = expected("id_token_issuer") {
            #expect(definition.openID.map { provider.issuers($0).contains(issuer) } == true)
        }
    }

    // MARK: Requests

    @Test("the page gets what this server controls, and what callers add")
    func authorization() throws {
        let url = try #require(
            try resolved("google").authorizationURL(
                .init(
                    state: "S", scopes: "a,b email", nonce: "N",
                    parameters: [
                        ("provider", "google"), ("redirect_to", "x"), ("Client_ID", "evil"), ("state", "evil"),
                        ("REDIRECT_URI", "evil"), ("code_challenge", "evil"), ("client_secret", "evil"),
                        ("nonce", "evil"), ("prompt", "consent"), ("access_type", "offline"),
                    ])))
        #expect(url.hasPrefix("https://accounts.google.com/o/oauth2/v2/auth?"))
        #expect(
            query(url) == [
                "client_id": "client", "redirect_uri": "http://auth.example/auth/v1/callback",
                "response_type": "code", "scope": "email profile a b", "state": "S", "nonce": "N",
                "prompt": "consent", "access_type": "offline",
            ])
    }

    @Test("peculiarities of single providers")
    func peculiarities() throws {
        let page = { (name: String, parameters: [(name: String, value: String)]) throws in
            query(try #require(try resolved(name).authorizationURL(.init(state: "S", parameters: parameters))))
        }
        #expect(try page("apple", [("response_mode", "query")])["response_mode"] == "form_post")
        #expect(try page("notion", [])["owner"] == "user")
        #expect(try page("workos", [("workos_provider", "GoogleOAuth")])["provider"] == "GoogleOAuth")
        #expect(try page("workos", [])["scope"] == nil)
        let github = try resolved("github") { $0.url = "https://git.example" }
        #expect(github.address("{api}/user") == "https://git.example/api/v3/user")
        let own = try resolved("github") { ($0.url, $0.apiURL) = ("https://git.example", "https://api.git.example") }
        #expect(own.address("{api}/user") == "https://api.git.example/user")
        let facebook = try resolved("facebook")
        let request = try #require(try facebook.documentRequest("{api}/me?fields=email", token: "t"))
        // HMAC-SHA256 of `t` under the client's secret.
        #expect(request.url.hasPrefix("https://graph.facebook.com/me?fields=email&appsecret_proof="))
        #expect(request.url.suffix(64).allSatisfy { $0.isHexDigit })
        let twitch = try #require(try resolved("twitch").documentRequest("{api}/helix/users", token: "t"))
        #expect(twitch.headers.contains { $0 == ("Client-Id", "client") })
    }

    @Test("how a client proves to be who it is")
    func clientAuthentication() throws {
        let body = try #require(try resolved("google").tokenRequest(code: "c d", verifier: nil))
        #expect(
            String(decoding: body.body, as: UTF8.self)
                == "grant_type=authorization_code&code=c+d&redirect_uri=http%3A%2F%2Fauth.example%2Fauth%2Fv1%2Fcallback"
                + "&client_id=client&client_secret=s+e%3Acret")
        let basic = try #require(try resolved("x").tokenRequest(code: "c", verifier: "v"))
        #expect(basic.headers.contains { $0 == ("Authorization", "Basic Y2xpZW50OnMrZSUzQWNyZXQ=") })
        #expect(String(decoding: basic.body, as: UTF8.self).hasSuffix("&code_verifier=v"))
    }

    @Test(
        "a provider that cannot be used says why",
        arguments: [
            ("nowhere", "Provider nowhere could not be found"), ("off", "provider is not enabled"),
            ("client", "missing OAuth client ID"), ("secret", "missing OAuth secret"),
            ("keycloak", "unable to find URL for the provider keycloak"),
        ])
    func unusable(_ name: String, _ reason: String) throws {
        var configuration = AuthConfiguration()
        var provider = ExternalProvider()
        provider.isEnabled = name != "off"
        provider.clientIDs = name == "client" ? [] : ["client"]
        provider.secret = name == "secret" ? "" : "secret"
        configuration.external.providers = ["google": provider, "keycloak": provider]
        let wanted = ["nowhere", "keycloak"].contains(name) ? name : "google"
        #expect(throws: AuthError.validation("Unsupported provider: \(reason)")) {
            try ResolvedProvider(wanted, configuration: configuration)
        }
    }

    // MARK: Profiles

    private struct Sample: Sendable, CustomTestStringConvertible {
        var name: String
        var json: String
        var subject: String
        var email: ExternalProfile.Email?
        var claims: [String: String]

        var testDescription: String { name }
    }

    private static func email(_ address: String, _ isVerified: Bool) -> ExternalProfile.Email {
        ExternalProfile.Email(address: address, isVerified: isVerified, isPrimary: true)
    }

    private static let samples = [
        Sample(
            name: "discord",
            json:
                #"{"id":"1","email":"A@b.example","verified":true,"username":"ada","discriminator":"7","avatar":"f"}"#,
            subject: "1", email: email("a@b.example", true),
            claims: ["name": "ada#7", "picture": "https://cdn.discordapp.com/avatars/1/f.png"]),
        Sample(
            name: "facebook",
            json: #"{"id":"2","email":"a@b.example","name":"Ada","picture":{"data":{"url":"https://p.example"}}}"#,
            subject: "2", email: email("a@b.example", true), claims: ["avatar_url": "https://p.example"]),
        Sample(
            name: "gitlab", json: #"{"id":3,"email":"a@b.example","confirmed_at":"","name":"Ada","username":"ada"}"#,
            subject: "3", email: email("a@b.example", false), claims: ["user_name": "ada"]),
        Sample(
            name: "kakao",
            json: #"""
                {"id":4,"kakao_account":{"email":"a@b.example","is_email_verified":true,"is_email_valid":false,
                  "profile":{"nickname":"ada"}}}
                """#,
            subject: "4", email: email("a@b.example", false), claims: ["preferred_username": "ada"]),
        Sample(
            name: "linkedin",
            json: #"""
                {"id":"5","firstName":{"localized":{"en_US":"Ada"}},"lastName":{"localized":{"en_US":"L"}},
                  "profilePicture":{"displayImage~":{"elements":[{"identifiers":[{"identifier":"https://p"}]}]}}}
                """#,
            subject: "5", email: nil, claims: ["name": "Ada L", "picture": "https://p"]),
        Sample(
            name: "notion",
            json: #"{"bot":{"owner":{"user":{"id":"6","name":"Ada","person":{"email":"a@b.example"}}}}}"#,
            subject: "6", email: email("a@b.example", true), claims: ["full_name": "Ada"]),
        Sample(
            name: "slack_oidc",
            json: #"{"https://slack.com/user_id":"7","email":"a@b.example","email_verified":"true","name":"Ada"}"#,
            subject: "7", email: email("a@b.example", true), claims: ["name": "Ada"]),
        Sample(
            name: "snapchat", json: #"{"data":{"me":{"externalId":"8","displayName":"Ada"}}}"#, subject: "8",
            email: nil, claims: ["name": "Ada"]),
        Sample(
            name: "spotify", json: #"{"id":"9","email":"a@b.example","display_name":"Ada","images":[{"url":"u"}]}"#,
            subject: "9", email: email("a@b.example", false), claims: ["picture": "u"]),
        Sample(
            name: "twitch", json: #"{"data":[{"id":"10","email":"a@b.example","login":"ada"}]}"#, subject: "10",
            email: email("a@b.example", true), claims: ["name": "ada"]),
        Sample(
            name: "workos", json: #"{"profile":{"id":"11","email":"a@b.example","first_name":"Ada"}}"#,
            subject: "11", email: email("a@b.example", true), claims: ["name": "Ada"]),
        Sample(
            name: "x", json: #"{"data":{"id":"12","username":"ada","name":"Ada"}}"#, subject: "12", email: nil,
            claims: ["profile": "https://x.com/ada", "user_name": "ada"]),
        Sample(
            name: "zoom", json: #"{"id":"13","email":"a@b.example","login_type":100,"verified":0,"first_name":"A"}"#,
            subject: "13", email: email("a@b.example", false), claims: ["name": "A"]),
        Sample(
            name: "zoom", json: #"{"id":"13","email":"a@b.example","login_type":1,"verified":0,"last_name":"L"}"#,
            subject: "13", email: email("a@b.example", true), claims: ["name": "L"]),
    ]

    @Test("profiles are read as their providers write them", arguments: samples)
    private func profiles(_ sample: Sample) throws {
        let definition = try #require(ProviderDefinition.named(sample.name))
        let json = try JSONText(Array(sample.json.utf8))
        let profile = try #require(definition.profile.profile(in: json, issuer: "issuer"))
        #expect(profile.subject == sample.subject)
        #expect(profile.candidate == sample.email)
        for (name, text) in sample.claims {
            #expect(profile.claims.first { $0.name == name }?.value == .string(text))
        }
        #expect(definition.profile.profile(in: .object([]), issuer: "issuer") == nil)
    }

    @Test(
        "azure's word about an address",
        arguments: [
            (#","xms_edov":true"#, true), (#","xms_edov":"1""#, true), (#","xms_edov":"true""#, true),
            (#","xms_edov":1"#, true), (#","xms_edov":false"#, false), (#","xms_edov":"0""#, false),
            ("", nil), (#","xms_edov":null"#, nil),
        ] as [(String, Bool?)])
    func azure(_ claim: String, _ word: Bool?) throws {
        let json = try JSONText(Array(#"{"sub":"1","email":"a@b.example","tid":"t","aud":"x"\#(claim)}"#.utf8))
        // Silence counts where the operator has named one tenant.
        for (tenant, silence) in [
            (nil, false), ("common", false), ("organizations/", false), ("Consumers", false), ("one.example", true),
        ] as [(String?, Bool)] {
            let provider = try resolved("azure") {
                $0.url = tenant.map { "https://login.microsoftonline.com/\($0)" }
            }
            let map = try #require(provider.openID?.profile)
            let profile = try #require(map.profile(in: json, issuer: "i"))
            #expect(profile.candidate?.isVerified == word ?? silence, "\(tenant ?? "")")
            #expect(profile.custom.contains { $0.name == "tid" } && !profile.custom.contains { $0.name == "aud" })
        }
    }

    @Test("addresses of a second document")
    func emails() throws {
        let github = try #require(ProviderDefinition.named("github"))
        var profile = try #require(github.profile.profile(in: try JSONText(Array(#"{"id":1}"#.utf8)), issuer: "i"))
        let list = #"""
            [{"email":"old@b.example","verified":true,"primary":false},{"email":"no address"},
             {"email":"New@b.example","verified":true,"primary":true},{"email":"x@b.example","verified":false}]
            """#
        ProviderClient.add(try JSONText(Array(list.utf8)), as: try #require(github.emails), to: &profile)
        #expect(profile.candidate?.address == "new@b.example")
        #expect(profile.verifiedAddresses == ["old@b.example", "new@b.example"])
        #expect(profile.emails.count == 3)
    }
}
