/// How the manager finds out whether a service is ready, without running anything inside its container.
public enum Probe: Sendable, Hashable {
    /// `GET path` on `port`; ready when the status equals `status`, or is any 2xx when that is absent.
    case http(port: UInt16, path: String, status: Int?, headers: [String: String])
    /// A TCP connection to `port` is accepted.
    case tcp(port: UInt16)
    /// PostgreSQL on `port` asks for authentication, that is, it takes connections.
    case postgres(port: UInt16, user: String, database: String)
    /// A command inside the container ends with 0. The expensive one, for services that offer nothing else.
    case exec(command: [String])
}

/// What one run of a probe found.
public enum ProbeResult: Sendable, Hashable {
    /// The service answered as it should.
    case ready
    /// It did not; the text says how, without secrets.
    case notReady(String)
    /// The manager could not ask, or could not hear the answer: nothing is known of the service. The text says why.
    case notMade(String)
}
