/// Providers that do one thing as no other does.
extension ProviderDefinition {
    static let ownProviders: [ProviderDefinition] = [linkedin, notion, slack, slackOIDC, twitter, workos]

    /// The older API; `linkedin_oidc` follows it.
    private static let linkedin = ProviderDefinition(
        name: "linkedin", auth: "https://api.linkedin.com", authorize: "{auth}/oauth/v2/authorization",
        token: "{auth}/oauth/v2/accessToken",
        userinfo: Userinfo(
            "{api}/v2/me?projection=(id,firstName,lastName,profilePicture(displayImage~:playableStreams))"),
        scopes: ["r_emailaddress", "r_liteprofile"],
        profile: ProfileMap(
            subject: ["id"], email: nil, verified: .never,
            claims: ProfileMap.person(
                name: .words(["firstName.localized.*", "lastName.localized.*"]),
                picture: "profilePicture.displayImage~.elements.0.identifiers.0.identifier")),
        emails: EmailDocument(
            url: "{api}/v2/emailAddress?q=members&projection=(elements*(handle~))", list: "elements",
            email: "handle~.emailAddress", verified: .always, primary: nil))

    private static let notion = ProviderDefinition(
        name: "notion", auth: "https://api.notion.com", authorize: "{auth}/v1/oauth/authorize",
        token: "{auth}/v1/oauth/token",
        userinfo: Userinfo("{api}/v1/users/me", headers: ["Notion-Version": "2021-08-16"]), scopes: [],
        profile: ProfileMap(
            subject: ["bot.owner.user.id"], email: "bot.owner.user.person.email", verified: .always,
            claims: ProfileMap.person(name: "bot.owner.user.name", picture: "bot.owner.user.avatar_url")),
        clientAuthentication: .basic, fixedParameters: ["owner": "user"])

    /// `slack_oidc` follows it.
    private static let slack = ProviderDefinition(
        name: "slack", auth: "https://slack.com", authorize: "{auth}/oauth/authorize",
        token: "{auth}/api/oauth.access", userinfo: Userinfo("{api}/api/openid.connect.userInfo"),
        scopes: ["profile", "email", "openid"], profile: slackProfile(verified: .always), issuerName: "{api}/api")

    private static let slackOIDC = ProviderDefinition(
        name: "slack_oidc", auth: "https://slack.com", authorize: "{auth}/openid/connect/authorize",
        token: "{auth}/api/openid.connect.token", userinfo: Userinfo("{api}/api/openid.connect.userInfo"),
        scopes: ["profile", "email", "openid"], profile: slackProfile(verified: .any(["email_verified"])),
        issuerName: "{api}/api")

    private static func slackProfile(verified: VerifiedRule) -> ProfileMap {
        ProfileMap(
            subject: [["https://slack.com/user_id"]], email: "email", verified: verified,
            claims: ProfileMap.person(name: "name", picture: "picture"),
            custom: .named(["https://slack.com/team_id": ["https://slack.com/team_id"]]))
    }

    /// OAuth 1.0a; `x` follows it.
    private static let twitter = ProviderDefinition(
        name: "twitter", auth: "https://api.twitter.com", authorize: "{auth}/oauth/authenticate",
        token: "{auth}/oauth/access_token",
        userinfo: Userinfo("{api}/1.1/account/verify_credentials.json?include_email=true"), scopes: [],
        profile: ProfileMap(
            subject: ["id_str"], email: "email", verified: .always,
            claims: ProfileMap.person(name: "name", picture: "profile_image_url_https", userName: "screen_name")),
        requestToken: "{auth}/oauth/request_token", issuerName: "{api}/1.1/account/verify_credentials.json")

    /// The answer to the exchange has the profile in it.
    private static let workos = ProviderDefinition(
        name: "workos", auth: "https://api.workos.com", authorize: "{auth}/sso/authorize", token: "{auth}/sso/token",
        scopes: [], source: .tokenAnswer,
        profile: ProfileMap(
            subject: ["profile.id"], email: "profile.email", verified: .always,
            claims: ProfileMap.person(name: .words(["profile.first_name", "profile.last_name"])),
            custom: .named([
                "connection_id": "profile.connection_id", "organization_id": "profile.organization_id",
            ])),
        renamedParameters: ["workos_provider": "provider"])
}
