public import ProjectModel

/// What a template declares about one service in `x-supamanager`.
public struct ServiceManifest: Sendable, Hashable {
    /// How the manager sees that the service is well; nil where only its container is watched.
    public var probe: ServiceProbe?
    /// The same for each of several roles; empty where one probe answers for all that the service does.
    public var probes: [ServiceRole: ServiceProbe] = [:]
    /// Whether the project stays active without it.
    public var isOptional = false
    /// Seconds until it must have been ready once; nil for the manager's own bound.
    public var bootSeconds: Int?
    /// Values that the manager adds to the service's environment; nil for none.
    public var environment: EnvironmentSource?

    /// Nothing is said.
    public init() {}
}

/// Values that the manager adds to a service's environment. What the template itself sets is never replaced.
public enum EnvironmentSource: String, Sendable, Hashable, CaseIterable {
    /// The secrets of the project's functions.
    case functionSecrets = "function-secrets"
}

/// A check that the manager runs against a service's address.
public enum ServiceProbe: Sendable, Hashable {
    /// A GET request.
    case http(HTTPProbe)
    /// A TCP connection.
    case tcp(port: Int)
    /// A PostgreSQL handshake.
    case postgres(port: Int, user: String, database: String)
    /// A command inside the container that must end with status 0.
    case exec(command: [String])
}

/// A GET request that must be answered well.
public struct HTTPProbe: Sendable, Hashable {
    /// The port in the container.
    public var port: Int
    /// The path, starting with `/`.
    public var path: String
    /// The one status that is well; nil for every status from 200 to 299.
    public var status: Int?
    /// Further request headers.
    public var headers: [String: String] = [:]
    /// The `Host` header; nil for the address.
    public var host: String?

    /// A GET request for `path` at `port`.
    public init(port: Int, path: String) {
        self.port = port
        self.path = path
    }
}
