/// The server's listen address.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// Host name or address to bind; an IPv6 address without brackets.
    public let host: String
    /// TCP port; 0 lets the kernel choose.
    public let port: UInt16

    /// An address.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `HOST:PORT` or `[IPv6]:PORT`.
    public init?(_ text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "[]/".contains($0) }) else { return nil }
        self.init(host: String(host), port: port)
    }

    /// `HOST:PORT`, the form that is parsed.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The server could not begin to listen.
public struct ListenError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The requested address.
    public let address: ListenAddress
    /// The message: what happened and what to do.
    public let reason: String

    /// The same as a sentence.
    public var description: String { "cannot listen on \(address): \(reason)" }
}
