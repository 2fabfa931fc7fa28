/// The address of a Management API: scheme, host, port, and path prefix.
public struct APIAddress: Hashable, Sendable, CustomStringConvertible {
    /// Longest accepted address in bytes.
    public static let lengthMax = 2_048

    /// The address without a slash at its end, scheme and host in small letters: `http://127.0.0.1:8080`.
    public let text: String

    /// The default address of `supamanager serve`.
    public static let standard = APIAddress(checked: "http://127.0.0.1:8080")

    /// Reads an `http://` or `https://` URL.
    ///
    /// - Throws: ``ClientError/invalid(_:)`` for anything else, and for URLs with a login, a query or a fragment: the
    ///   address is printed and stored, so that nothing secret may be in it.
    public init(_ given: String) throws(ClientError) {
        let bytes = given.utf8
        guard bytes.count <= Self.lengthMax, bytes.allSatisfy({ (0x21...0x7E).contains($0) }),
            let mark = given.firstRange(of: "://")
        else { throw Self.problem("it must be like https://host:port") }
        let scheme = given[..<mark.lowerBound].lowercased()
        guard ["http", "https"].contains(scheme) else { throw Self.problem("it must begin with http:// or https://") }
        let rest = given[mark.upperBound...]
        guard !rest.contains("?"), !rest.contains("#") else { throw Self.problem("it must end with its path") }
        let authority = rest.prefix { $0 != "/" }.lowercased()
        guard !authority.contains("@") else { throw Self.problem("it must not hold a login: sign in with `login`") }
        guard Self.isAuthority(authority) else { throw Self.problem("it must be like https://host:port") }
        var path = rest.drop { $0 != "/" }
        while path.last == "/" { path.removeLast() }
        text = "\(scheme)://\(authority)\(path)"
    }

    private init(checked text: String) { self.text = text }

    /// Whether passwords and tokens travel unprotected to another machine.
    public var isExposed: Bool {
        guard text.hasPrefix("http://") else { return false }
        let host = text.dropFirst(7).prefix { $0 != "/" }
        let isLoopback =
            host.hasPrefix("127.") || host.hasPrefix("[::1]") || host == "localhost" || host.hasPrefix("localhost:")
        return !isLoopback
    }

    /// The address.
    public var description: String { text }

    private static func problem(_ reason: String) -> ClientError { .invalid("the API URL cannot be used: \(reason)") }

    /// A host, in brackets when it is an IPv6 address, and perhaps a port.
    private static func isAuthority(_ text: String) -> Bool {
        var rest = Substring(text)
        if rest.first == "[" {
            guard let end = rest.firstIndex(of: "]") else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            let host = rest.prefix { $0 != ":" }
            guard !host.isEmpty else { return false }
            rest = rest.dropFirst(host.count)
        }
        if rest.isEmpty { return true }
        guard rest.removeFirst() == ":", let port = UInt16(rest) else { return false }
        return port > 0
    }
}
