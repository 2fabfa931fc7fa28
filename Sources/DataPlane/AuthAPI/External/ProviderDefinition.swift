/// How users sign in at one provider: everything in which it differs from others.
///
/// Addresses are templates: `{auth}` is the base of its pages, `{api}` that of its API; the provider's `_URL` setting
/// stands in for both.
struct ProviderDefinition: Sendable {
    /// Where the user's data comes from after the exchange of the code.
    enum Source: Sendable {
        /// The profile document.
        case userinfo
        /// The ID token; the profile document where the answer has none.
        case idToken
        /// The answer to the exchange itself.
        case tokenAnswer
    }

    /// How the client proves to be who it is when it exchanges a code.
    enum ClientAuthentication: Sendable {
        case body
        case basic
    }

    let name: String
    /// Base of the pages; nil where only the setting names it.
    var auth: String?
    /// Base of the API; nil: that of the pages.
    var api: String?
    /// What follows the setting's address where it stands in for the API's base.
    var ownAPIPath = ""
    var authorize: String
    var token: String
    var userinfo: Userinfo?
    var scopes: [String]
    var source = Source.userinfo
    /// How the profile document is read, or the answer to the exchange.
    var profile = ProfileMap.openID
    var emails: EmailDocument?
    var openID: OpenIDRule?
    var clientAuthentication = ClientAuthentication.body
    /// Parameters of the authorization request that stay as they are.
    var fixedParameters: [String: String] = [:]
    /// Parameters of callers that the provider knows by another name.
    var renamedParameters: [String: String] = [:]
    /// Whether a code is bound to a verifier of this server (RFC 7636).
    var usesPKCE = false
    /// OAuth 1.0a: the address of request tokens.
    var requestToken: String?
    /// `iss` of identities that come from no ID token.
    var issuerName = "{api}"
    /// A form field of the callback with the user's name, in JSON.
    var userField: String?
}

/// The document with the user's data.
struct Userinfo: Sendable {
    var url: String
    /// Values may name `{client_id}`.
    var headers: [String: String] = [:]
    /// Whether the token goes with an HMAC of it under the client's secret, `appsecret_proof`.
    var hasProof = false

    init(_ url: String, headers: [String: String] = [:], hasProof: Bool = false) {
        self.url = url
        self.headers = headers
        self.hasProof = hasProof
    }
}

/// A document with the user's addresses, beside the profile.
struct EmailDocument: Sendable {
    var url: String
    /// Where the array is.
    var list: JSONPath
    /// Where the address is, within an element.
    var email: JSONPath
    var verified: VerifiedRule
    var primary: JSONPath?
}

/// How the provider's ID tokens are checked and read.
struct OpenIDRule: Sendable {
    /// Accepted values of `iss`; `{tenant}` stands for any UUID.
    var issuers: [String]
    /// The same where the `_URL` setting is set; nil: no difference.
    var ownIssuers: [String]?
    /// The address whose discovery document (OpenID Connect Discovery 1.0 §4) names the keys.
    var discovery: String
    /// Whether the issuer that the discovery document of the setting's address names counts, too.
    var acceptsDiscovered = false
    /// Whether ID tokens of the code flow carry the nonce of the authorization request.
    var hasNonce = false
    var profile = ProfileMap.openID
}
