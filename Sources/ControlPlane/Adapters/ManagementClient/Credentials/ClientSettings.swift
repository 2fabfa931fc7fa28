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
    /// - Parameters:
    ///   - option: what `--api-url` says.
    ///   - context: what `--context` says.
    public init(option: String?, context: String? = nil, environment: [String: String]) throws(ClientError) {
        address = try Self.address(option: option, context: context, environment: environment)
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

    /// The address alone: of `--api-url`, of the context that `--context` names, of the variables, of the context in use.
    public static func address(
        option: String?, context: String? = nil, environment: [String: String]
    ) throws(ClientError) -> APIAddress {
        if let option, !option.isEmpty { return try APIAddress(option) }
        if context == nil, let given = environment[addressVariable], !given.isEmpty { return try APIAddress(given) }
        let selected = try ContextsFile.selected(option: context, environment: environment)
        return try selected.map { (_, found) throws(ClientError) in try APIAddress(found.address) } ?? .standard
    }
}
