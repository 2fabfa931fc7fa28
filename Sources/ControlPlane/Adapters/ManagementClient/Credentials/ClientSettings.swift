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

    /// The manager that a command is about.
    public struct Place: Sendable, Equatable {
        /// The API's address.
        public let address: APIAddress
        /// The context that the address is of; nil where something else names it.
        public let context: ManagerContext?
    }

    public let place: Place
    /// The token, if there is one.
    public let token: Secret<String>?
    public let source: TokenSource?

    /// The API's address.
    public var address: APIAddress { place.address }

    /// Resolves the settings.
    ///
    /// - Parameters:
    ///   - option: what `--api-url` says.
    ///   - context: what `--context` says.
    public init(option: String?, context: String? = nil, environment: [String: String]) throws(ClientError) {
        try self.init(
            at: Self.place(option: option, context: context, environment: environment), environment: environment)
    }

    /// The settings at a place. The variable's token is of the manager that the other variable, an option or nothing
    /// names: the manager of a context is another one as likely as not, and gets the token that is stored for it.
    public init(at place: Place, environment: [String: String]) throws(ClientError) {
        self.place = place
        if let given = Self.tokenVariable(at: place, environment: environment) {
            token = try .token(trimming: given)
            source = .environment
        } else {
            let stored = try CredentialsFile(environment: environment).load().tokens[place.address]
            token = stored?.token
            source = stored == nil ? nil : .file
        }
    }

    /// What the variable with a token says where it counts; an empty one counts as not set, as in Compose.
    public static func tokenVariable(at place: Place, environment: [String: String]) -> String? {
        guard place.context == nil, let given = environment[tokenVariable], !given.isEmpty else { return nil }
        return given
    }

    /// The place alone: of `--api-url`, of the context that `--context` names, of the variables, of the context in use.
    public static func place(
        option: String?, context: String? = nil, environment: [String: String]
    ) throws(ClientError) -> Place {
        if let option, !option.isEmpty { return Place(address: try APIAddress(option), context: nil) }
        if context == nil, let given = environment[addressVariable], !given.isEmpty {
            return Place(address: try APIAddress(given), context: nil)
        }
        guard let selected = try ContextsFile.selected(option: context, environment: environment)?.context else {
            return Place(address: .standard, context: nil)
        }
        return Place(address: try APIAddress(selected.address), context: selected)
    }
}
