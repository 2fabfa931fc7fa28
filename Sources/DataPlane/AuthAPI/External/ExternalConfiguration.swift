/// Settings of the providers at which users sign in (`GOTRUE_EXTERNAL_*`).
public struct ExternalConfiguration: Sendable {
    /// Providers by name; those that are missing are off.
    public var providers: [String: ExternalProvider] = [:]
    /// `GOTRUE_EXTERNAL_ALLOWED_ID_TOKEN_ISSUERS`: further issuers of ID tokens. A token counts for the client id that
    /// the request names.
    public var allowedIssuers: [String] = []

    /// No provider.
    public init() {}

    /// Names of all providers that this server knows.
    public static var providerNames: [String] { ProviderDefinition.all.map(\.name) }

    /// Whether anything leads to a provider.
    public var isUsed: Bool { !allowedIssuers.isEmpty || providers.values.contains { $0.isEnabled } }

    func isEnabled(_ name: String) -> Bool { providers[name]?.isEnabled ?? false }
}

/// Settings of one provider (`GOTRUE_EXTERNAL_<NAME>_*`).
public struct ExternalProvider: Sendable {
    /// `_ENABLED`
    public var isEnabled = false
    /// `_CLIENT_ID`: the first begins flows, all are audiences of ID tokens.
    public var clientIDs: [String] = []
    /// `_SECRET`
    public var secret = ""
    /// `_REDIRECT_URI`; nil: `/callback` below the external URL.
    public var redirectURI: String?
    /// `_URL`: the provider's own address where it is not the usual one, without a slash at its end.
    public var url: String?
    /// `_API_URL`: the same for its API alone.
    public var apiURL: String?
    /// `_SKIP_NONCE_CHECK`: whether the nonce of ID tokens that clients bring is not looked at.
    public var skipsNonceCheck = false
    /// `_EMAIL_OPTIONAL`: whether users without an address may sign in.
    public var isEmailOptional = false

    /// A provider that is off.
    public init() {}
}
