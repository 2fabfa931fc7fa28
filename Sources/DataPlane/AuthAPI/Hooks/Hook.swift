public import TokenKit

/// What a project's own code is asked about.
public enum HookKind: String, Sendable, CaseIterable {
    case beforeUserCreated = "before_user_created"
    case afterUserCreated = "after_user_created"
    case customAccessToken = "custom_access_token"
    case passwordVerificationAttempt = "password_verification_attempt"
    case mfaVerificationAttempt = "mfa_verification_attempt"
    case sendSMS = "send_sms"
    case sendEmail = "send_email"

    /// The name in `GOTRUE_HOOK_*`.
    public var settingName: String { rawValue.uppercased() }

    /// The name in the metadata of an event.
    var eventName: String { rawValue.replacing("_", with: "-") }
}

/// Where a hook is.
public enum HookTarget: Sendable, Equatable {
    /// A function in the project's database, called with one jsonb.
    case function(schema: String, name: String)
    /// A server, called by POST; the secrets sign what it gets.
    case server(url: String, secrets: [KeyBytes])

    private static let functionPrefix = "pg-functions://"
    private static let secretPrefix = "v1,whsec_"
    /// Longest name of PostgreSQL's, in bytes.
    private static let nameBytesMax = 63

    /// Reads `GOTRUE_HOOK_*_URI` and `_SECRETS`: `pg-functions://postgres/SCHEMA/FUNCTION`, or `https://…` with secrets
    /// of the form `v1,whsec_BASE64`, separated by `|`. Plain HTTP is for this host alone.
    public init(uri: String, secrets: String?) throws(HookProblem) {
        if uri.hasPrefix(Self.functionPrefix) {
            let parts = uri.dropFirst(Self.functionPrefix.count).split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 3, parts.dropFirst().allSatisfy({ (1...Self.nameBytesMax).contains($0.utf8.count) })
            else { throw .uri }
            self = .function(schema: String(parts[1]), name: String(parts[2]))
            return
        }
        guard let url = URLParts(uri), !url.host.isEmpty else { throw .uri }
        switch url.scheme {
        case "https": break
        case "http" where ["localhost", "127.0.0.1", "[::1]", "::1", "host.docker.internal"].contains(url.host): break
        default: throw .uri
        }
        self = .server(url: uri, secrets: try Self.secrets(secrets ?? ""))
    }

    private static func secrets(_ text: String) throws(HookProblem) -> [KeyBytes] {
        let parts = text.split(separator: "|").map { String($0).trimmed }.filter { !$0.isEmpty }
        guard !parts.isEmpty else { throw .noSecret }
        return try parts.map { part throws(HookProblem) in
            guard part.hasPrefix(secretPrefix), let key = Base64.decode(String(part.dropFirst(secretPrefix.count))),
                key.count >= secretBytesMin
            else { throw .secret }
            return KeyBytes(key)
        }
    }

    /// Shortest secret, in bytes.
    private static let secretBytesMin = 16

    /// Its name in messages.
    var label: String {
        switch self {
        case .function(let schema, let name): "\(schema).\(name)"
        case .server: "the hook's server"
        }
    }
}

/// Why a hook cannot be used. Nothing of a secret is repeated.
public enum HookProblem: Error, Sendable, Equatable, CustomStringConvertible {
    case uri
    case noSecret
    case secret

    /// The problem in words.
    public var description: String {
        switch self {
        case .uri:
            "neither of the form pg-functions://postgres/SCHEMA/FUNCTION nor an https address (http for localhost only)"
        case .noSecret: "not set; a hook at an address needs a secret of the form v1,whsec_BASE64"
        case .secret: "not of the form v1,whsec_BASE64 with at least 16 bytes; several are separated by |"
        }
    }
}
