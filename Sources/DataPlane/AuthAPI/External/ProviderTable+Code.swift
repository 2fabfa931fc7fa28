/// Providers with a profile document of their own.
extension ProviderDefinition {
    static let codeProviders: [ProviderDefinition] = [
        bitbucket, discord, figma, fly, github, gitlab, spotify, twitch, x, zoom,
    ]

    private static let bitbucket = ProviderDefinition(
        name: "bitbucket", auth: "https://bitbucket.org", api: "https://api.bitbucket.org",
        authorize: "{auth}/site/oauth2/authorize", token: "{auth}/site/oauth2/access_token",
        userinfo: Userinfo("{api}/2.0/user"), scopes: ["account", "email"],
        profile: ProfileMap(
            subject: ["uuid"], email: nil, verified: .never,
            claims: ProfileMap.person(name: "display_name", picture: "avatar.href")),
        emails: EmailDocument(
            url: "{api}/2.0/user/emails", list: "values", email: "email", verified: .all(["is_confirmed"]),
            primary: "is_primary"),
        clientAuthentication: .basic, issuerName: "{api}/2.0")

    private static let discord = ProviderDefinition(
        name: "discord", auth: "https://discord.com", authorize: "{auth}/api/oauth2/authorize",
        token: "{auth}/api/oauth2/token", userinfo: Userinfo("{api}/api/users/@me"), scopes: ["email", "identify"],
        profile: ProfileMap(
            subject: ["id"], email: "email", verified: .all(["verified"]),
            claims: [
                "name": .template("{username}#{discriminator}"), "full_name": "username",
                "picture": .template("https://cdn.discordapp.com/avatars/{id}/{avatar}.png"),
                "avatar_url": .template("https://cdn.discordapp.com/avatars/{id}/{avatar}.png"),
            ], custom: .named(["global_name": "global_name"])),
        issuerName: "{api}/api")

    private static let figma = ProviderDefinition(
        name: "figma", auth: "https://www.figma.com", api: "https://api.figma.com", authorize: "{auth}/oauth",
        token: "{api}/v1/oauth/token", userinfo: Userinfo("{api}/v1/me"), scopes: ["current_user:read"],
        profile: ProfileMap(
            subject: ["id"], email: "email", verified: .always,
            claims: ProfileMap.person(name: "handle", picture: "img_url")),
        clientAuthentication: .basic)

    private static let fly = ProviderDefinition(
        name: "fly", auth: "https://api.fly.io", authorize: "{auth}/oauth/authorize", token: "{auth}/oauth/token",
        userinfo: Userinfo("{api}/oauth/token/info"), scopes: ["read"],
        profile: ProfileMap(
            subject: ["user_id"], email: "email", verified: .always,
            claims: ProfileMap.person(name: "user_name"), custom: .named(["organizations": "organizations"])))

    private static let github = ProviderDefinition(
        name: "github", auth: "https://github.com", api: "https://api.github.com", ownAPIPath: "/api/v3",
        authorize: "{auth}/login/oauth/authorize", token: "{auth}/login/oauth/access_token",
        userinfo: Userinfo("{api}/user"), scopes: ["user:email"],
        profile: ProfileMap(
            subject: ["id"], email: nil, verified: .never,
            claims: ProfileMap.person(
                name: .first(["name", "login"]), picture: "avatar_url", userName: "login")),
        emails: EmailDocument(
            url: "{api}/user/emails", list: [], email: "email", verified: .all(["verified"]), primary: "primary"))

    /// Its further addresses count as unverified.
    private static let gitlab = ProviderDefinition(
        name: "gitlab", auth: "https://gitlab.com", authorize: "{auth}/oauth/authorize", token: "{auth}/oauth/token",
        userinfo: Userinfo("{api}/api/v4/user"), scopes: ["read_user"],
        profile: ProfileMap(
            subject: ["id"], email: "email", verified: .present("confirmed_at"),
            claims: ProfileMap.person(name: "name", picture: "avatar_url", userName: "username")),
        emails: EmailDocument(
            url: "{api}/api/v4/user/emails", list: [], email: "email", verified: .never, primary: nil))

    private static let spotify = ProviderDefinition(
        name: "spotify", auth: "https://accounts.spotify.com", api: "https://api.spotify.com",
        authorize: "{auth}/authorize", token: "{auth}/api/token", userinfo: Userinfo("{api}/v1/me"),
        scopes: ["user-read-email"],
        profile: ProfileMap(
            subject: ["id"], email: "email", verified: .never,
            claims: ProfileMap.person(name: "display_name", picture: "images.0.url")),
        clientAuthentication: .basic, issuerName: "{api}/v1")

    private static let twitch = ProviderDefinition(
        name: "twitch", auth: "https://id.twitch.tv", api: "https://api.twitch.tv",
        authorize: "{auth}/oauth2/authorize", token: "{auth}/oauth2/token",
        userinfo: Userinfo("{api}/helix/users", headers: ["Client-Id": "{client_id}"]), scopes: ["user:read:email"],
        profile: ProfileMap(
            subject: ["data.0.id"], email: "data.0.email", verified: .always,
            claims: ProfileMap.person(
                name: .first(["data.0.display_name", "data.0.login"]), picture: "data.0.profile_image_url"
            )
            .merging(["nickname": "data.0.display_name", "slug": "data.0.display_name"]) { $1 },
            custom: .named([
                "broadcaster_type": "data.0.broadcaster_type", "description": "data.0.description",
                "type": "data.0.type", "offline_image_url": "data.0.offline_image_url",
                "view_count": "data.0.view_count",
            ])))

    private static let x = ProviderDefinition(
        name: "x", auth: "https://x.com", api: "https://api.x.com", authorize: "{auth}/i/oauth2/authorize",
        token: "{api}/2/oauth2/token",
        userinfo: Userinfo(
            "{api}/2/users/me?user.fields=id,name,username,confirmed_email,profile_image_url,url,created_at"),
        scopes: ["users.email", "tweet.read", "users.read", "offline.access"],
        profile: ProfileMap(
            subject: ["data.id"], email: "data.confirmed_email", verified: .always,
            claims: ProfileMap.person(
                name: "data.name", picture: "data.profile_image_url", userName: "data.username"
            )
            .merging(["website": "data.url", "profile": .template("https://x.com/{data.username}")]) { $1 },
            custom: .named(["created_at": "data.created_at"])),
        clientAuthentication: .basic, usesPKCE: true)

    private static let zoom = ProviderDefinition(
        name: "zoom", auth: "https://zoom.us", api: "https://api.zoom.us", authorize: "{auth}/oauth/authorize",
        token: "{auth}/oauth/token", userinfo: Userinfo("{api}/v2/users/me"), scopes: [],
        profile: ProfileMap(
            subject: ["id"], email: "email", verified: .unless(["login_type": "100", "verified": "0"]),
            claims: ProfileMap.person(name: .words(["first_name", "last_name"]), picture: "pic_url")),
        clientAuthentication: .basic, issuerName: "{api}/v2")
}
