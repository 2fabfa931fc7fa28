public import ProjectModel

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
    /// One probe for each role of a service that answers several: it is ready when all of them are.
    case several([ServiceRole: Probe])
}

/// The result of one run of a probe.
public enum ProbeResult: Sendable, Hashable {
    /// The service answered as it should.
    case ready
    /// It did not; the text says how, without secrets.
    case notReady(String)
    /// The manager could not ask, or could not hear the answer: nothing is known of the service. The text says why.
    case notMade(String)
}

/// The results of the probes of one service.
public struct ProbeAnswer: Sendable, Equatable {
    /// Whether the service as a whole is ready: all of its roles are.
    public var whole: ProbeResult
    /// The result of each role; empty for a service with one probe.
    public var roles: [ServiceRole: ProbeResult]

    /// The result of one probe.
    public init(_ whole: ProbeResult) {
        self.whole = whole
        roles = [:]
    }

    /// Merges the probes of several roles: one that is not ready outweighs an unknown one, and of several the first by
    /// name is reported.
    public init(_ roles: [ServiceRole: ProbeResult]) {
        self.roles = roles
        var obstacle: ProbeResult?
        for (role, result) in roles.sorted(by: { $0.key < $1.key }) {
            switch result {
            case .ready: continue
            case .notMade(let text): obstacle = obstacle ?? .notMade("\(role.rawValue): \(text)")
            case .notReady(let text):
                whole = .notReady("\(role.rawValue): \(text)")
                return
            }
        }
        whole = obstacle ?? .ready
    }
}
