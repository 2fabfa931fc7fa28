public import ProjectModel

/// Address and token of the API: from options first, then environment variables, then files and defaults.
public struct ClientSettings: Sendable, Equatable {
    public enum TokenSource: Sendable, Equatable {
        /// From `SUPAMANAGER_ACCESS_TOKEN`.
        case environment
        /// From the file with the credentials.
        case file
    }

    /// Name of the variable with the API's address.
    public static let addressVariable = "SUPAMANAGER_API_URL"
    /// Name of the variable with a token.
    public static let tokenVariable = "SUPAMANAGER_ACCESS_TOKEN"

    /// The API's address.
    public let address: APIAddress
    /// The token, if there is one.
    public let token: Secret<String>?
    public let source: TokenSource?

    /// Resolves the settings.
    ///
    /// - Parameter option: what `--api-url` says.
    public init(option: String?, environment: [String: String]) throws(ClientError) {
        address = try Self.address(option: option, environment: environment)
        // An empty variable counts as not set, as in Compose.
        if let given = environment[Self.tokenVariable], !given.isEmpty {
            token = try .token(trimming: given)
            source = .environment
        } else {
            let stored = try CredentialsFile(environment: environment).load().tokens[address]
            token = stored?.token
            source = stored == nil ? nil : .file
        }
    }

    /// The address alone.
    public static func address(option: String?, environment: [String: String]) throws(ClientError) -> APIAddress {
        guard let given = option ?? environment[addressVariable], !given.isEmpty else { return .standard }
        return try APIAddress(given)
    }
}
