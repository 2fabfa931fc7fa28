public import ProjectModel

/// A token for one API, stored between commands.
public struct StoredToken: Sendable, Equatable {
    public var token: Secret<String>
    /// Its number, when signing in made it: then signing out revokes it.
    public var id: Int64?
    /// E-mail address of the account.
    public var email: String

    public init(token: Secret<String>, id: Int64?, email: String) {
        self.token = token
        self.id = id
        self.email = email
    }
}

/// The stored tokens of all APIs, by address.
public struct StoredCredentials: Sendable, Equatable {
    public var tokens: [APIAddress: StoredToken]

    /// Credentials; none by default.
    public init(tokens: [APIAddress: StoredToken] = [:]) { self.tokens = tokens }
}

extension Secret where Value == String {
    /// Longest token that is sent.
    private static var tokenLengthMax: Int { 8_192 }

    /// A token that can go into a header field: visible ASCII, not too long. Spaces and line ends around it go.
    public static func token(trimming text: String) throws(ClientError) -> Secret<String> {
        var rest = Substring(text)
        while let last = rest.last, last.isWhitespace { rest.removeLast() }
        rest = rest.drop { $0.isWhitespace }
        guard !rest.isEmpty else { throw .invalid("the access token is empty") }
        guard rest.utf8.count <= tokenLengthMax, rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .invalid("the access token contains characters that no token has")
        }
        return Secret(String(rest))
    }
}
