/// Providers whose ID tokens are checked.
extension ProviderDefinition {
    static let openIDProviders: [ProviderDefinition] = [
        apple, azure, facebook, google, kakao, keycloak, linkedinOIDC, snapchat, vercelMarketplace,
    ]

    /// The secret is a token of ES256 that the operator makes. The name comes in a form field, the first time only.
    private static let apple = ProviderDefinition(
        name: "apple", auth: "https://appleid.apple.com", authorize: "{auth}/auth/authorize",
        token: "{auth}/auth/token", scopes: ["email", "name"], source: .idToken,
        openID: OpenIDRule(
            issuers: ["https://appleid.apple.com", "https://account.apple.com"],
            discovery: "https://appleid.apple.com", hasNonce: true,
            profile: ProfileMap(
                subject: ["sub"], email: "email", verified: .any(["email_verified"]), claims: [:],
                custom: .named(["is_private_email": "is_private_email", "auth_time": "auth_time"]))),
        fixedParameters: ["response_mode": "form_post"], userField: "user")

    /// The address setting names a tenant. All tenants sign with the keys of `common`.
    private static let azure = ProviderDefinition(
        name: "azure", auth: "https://login.microsoftonline.com/common", authorize: "{auth}/oauth2/v2.0/authorize",
        token: "{auth}/oauth2/v2.0/token", scopes: ["openid"], source: .idToken,
        openID: OpenIDRule(
            issuers: ["https://login.microsoftonline.com/{tenant}/v2.0"], ownIssuers: ["{auth}/v2.0"],
            discovery: "{auth}/v2.0", acceptsDiscovered: true, hasNonce: true,
            profile: ProfileMap(
                subject: ["sub"], email: "email", verified: .trueOrUnsaid("xms_edov"),
                claims: ["name": "name", "full_name": "name", "preferred_username": "preferred_username"],
                custom: .others(than: [
                    "aud", "iss", "iat", "nbf", "exp", "c_hash", "at_hash", "aio", "nonce", "rh", "uti", "jti", "ver",
                    "sub", "name", "preferred_username",
                ]))))

    /// ID tokens come from applications on phones (Limited Login).
    private static let facebook = ProviderDefinition(
        name: "facebook", auth: "https://www.facebook.com", api: "https://graph.facebook.com",
        authorize: "{auth}/dialog/oauth", token: "{api}/oauth/access_token",
        userinfo: Userinfo("{api}/me?fields=email,first_name,last_name,name,picture", hasProof: true),
        scopes: ["email"],
        profile: ProfileMap(
            subject: ["id"], email: "email", verified: .always,
            claims: ProfileMap.person(name: "name", picture: "picture.data.url")
                .merging(["nickname": "name", "slug": "name"]) { $1 }),
        openID: OpenIDRule(
            issuers: ["https://www.facebook.com"], discovery: "https://www.facebook.com",
            profile: ProfileMap(
                subject: ["sub"], email: "email", verified: .always,
                claims: ProfileMap.person(name: "name", picture: "picture"))))

    private static let google = ProviderDefinition(
        name: "google", auth: "https://accounts.google.com", authorize: "{auth}/o/oauth2/v2/auth",
        token: "https://oauth2.googleapis.com/token",
        userinfo: Userinfo("https://www.googleapis.com/userinfo/v2/me"), scopes: ["email", "profile"],
        source: .idToken, profile: googleProfile(subject: "id", verified: "verified_email"),
        openID: OpenIDRule(
            issuers: ["https://accounts.google.com", "accounts.google.com"], discovery: "https://accounts.google.com",
            hasNonce: true, profile: googleProfile(subject: "sub", verified: "email_verified")),
        issuerName: "https://www.googleapis.com/userinfo/v2/me")

    private static func googleProfile(subject: JSONPath, verified: JSONPath) -> ProfileMap {
        ProfileMap(
            subject: [subject], email: "email", verified: .any([verified]),
            claims: ProfileMap.person(name: "name", picture: "picture"), custom: .named(["hd": "hd"]))
    }

    private static let kakao = ProviderDefinition(
        name: "kakao", auth: "https://kauth.kakao.com", api: "https://kapi.kakao.com",
        authorize: "{auth}/oauth/authorize", token: "{auth}/oauth/token", userinfo: Userinfo("{api}/v2/user/me"),
        scopes: ["account_email", "profile_image", "profile_nickname"],
        profile: ProfileMap(
            subject: ["id"], email: "kakao_account.email",
            verified: .all(["kakao_account.is_email_verified", "kakao_account.is_email_valid"]),
            claims: ProfileMap.person(
                name: "kakao_account.profile.nickname", picture: "kakao_account.profile.profile_image_url",
                userName: "kakao_account.profile.nickname")),
        openID: OpenIDRule(
            issuers: ["https://kauth.kakao.com"], discovery: "https://kauth.kakao.com",
            profile: ProfileMap(
                subject: ["sub"], email: "email", verified: .any(["email_verified"]),
                claims: ProfileMap.person(name: "nickname", picture: "picture", userName: "nickname"))))

    private static let keycloak = ProviderDefinition(
        name: "keycloak", authorize: "{auth}/protocol/openid-connect/auth",
        token: "{auth}/protocol/openid-connect/token", userinfo: Userinfo("{auth}/protocol/openid-connect/userinfo"),
        scopes: ["profile", "email"],
        openID: OpenIDRule(issuers: ["{auth}"], discovery: "{auth}"))

    private static let linkedinOIDC = ProviderDefinition(
        name: "linkedin_oidc", auth: "https://api.linkedin.com", authorize: "{auth}/oauth/v2/authorization",
        token: "{auth}/oauth/v2/accessToken", scopes: ["openid", "email", "profile"], source: .idToken,
        openID: OpenIDRule(
            issuers: ["https://www.linkedin.com/oauth"], discovery: "https://www.linkedin.com/oauth"))

    /// The profile is an answer to a query in GraphQL: `{me{externalId displayName bitmoji{avatar} email}}`.
    private static let snapchat = ProviderDefinition(
        name: "snapchat", auth: "https://accounts.snapchat.com", api: "https://kit.snapchat.com",
        authorize: "{auth}/accounts/oauth2/auth", token: "{auth}/accounts/oauth2/token",
        userinfo: Userinfo(
            "{api}/v1/me?query=%7Bme%7BexternalId%20displayName%20bitmoji%7Bavatar%7D%20email%7D%7D"),
        scopes: ["external_id", "display_name", "bitmoji.avatar"].map {
            "https://auth.snapchat.com/oauth2/api/user.\($0)"
        },
        profile: ProfileMap(
            subject: ["data.me.externalId"], email: "data.me.email", verified: .always,
            claims: ProfileMap.person(name: "data.me.displayName", picture: "data.me.bitmoji.avatar")),
        openID: OpenIDRule(
            issuers: ["https://accounts.snapchat.com/accounts/oauth2/token"],
            discovery: "https://accounts.snapchat.com/accounts/oauth2/token",
            profile: ProfileMap(
                subject: ["sub"], email: "email", verified: .always, claims: ProfileMap.openID.claims)),
        clientAuthentication: .basic, issuerName: "https://accounts.snapchat.com/accounts/oauth2/token")

    private static let vercelMarketplace = ProviderDefinition(
        name: "vercel_marketplace", auth: "https://api.vercel.com", authorize: "{auth}/oauth/v2/authorization",
        token: "{auth}/oauth/v2/accessToken", scopes: [], source: .idToken,
        openID: OpenIDRule(
            issuers: ["https://marketplace.vercel.com"], discovery: "https://marketplace.vercel.com",
            profile: ProfileMap(
                subject: ["sub"], email: "user_email", verified: .always,
                claims: ProfileMap.person(name: "user_name", picture: "user_avatar_url"))))
}
