/// Where a project is reached: the one place that puts a URL together.
public struct ProjectEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// `http` or `https`.
    public var scheme: String
    /// The host, without brackets.
    public var host: PublicHost
    /// The TCP port; absent for the scheme's own.
    public var port: UInt16?
    /// The path below which the project is served: empty, or with a leading and no trailing `/`.
    public var path: String

    public init(scheme: String = "http", host: PublicHost, port: UInt16?, path: String = "") {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.path = path
    }

    /// Host and port, as in the `Host` header.
    public var authority: String { port.map { "\(host.inURL):\($0)" } ?? host.inURL }

    /// The URL, without a `/` at its end.
    public var url: String { "\(scheme)://\(authority)\(path)" }

    /// The URL of something below: `suffix` begins with `/`.
    public func url(_ suffix: String) -> String { url + suffix }

    /// The URL.
    public var description: String { url }
}
