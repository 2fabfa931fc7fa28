/// The address of the Docker Engine.
public struct DockerHost: Sendable, Equatable, CustomStringConvertible {
    /// The default address.
    public static let standardSocketPath = "/var/run/docker.sock"

    /// The absolute path of the engine's Unix socket.
    public let socketPath: String

    /// The engine's usual socket.
    public static var standard: DockerHost { DockerHost(checkedPath: standardSocketPath) }

    private init(checkedPath: String) {
        socketPath = checkedPath
    }

    /// Reads a value of `DOCKER_HOST`, for instance `unix:///run/user/1000/docker.sock`.
    ///
    /// - Parameter value: nil or empty means the standard socket.
    /// - Throws: `unsupportedHost` for every scheme but `unix`, and for a path that is not absolute.
    public init(parsing value: String?) throws(DockerError) {
        guard let value, !value.isEmpty else {
            self = .standard
            return
        }
        guard let schemeEnd = value.firstRange(of: "://") else {
            throw .unsupportedHost("DOCKER_HOST must look like unix:///path/to/docker.sock; it has no scheme")
        }
        let scheme = value[..<schemeEnd.lowerBound]
        guard scheme == "unix" else {
            throw .unsupportedHost(
                "DOCKER_HOST has the scheme \(scheme.prefix(20)); only unix:///path/to/docker.sock is supported")
        }
        let path = String(value[schemeEnd.upperBound...])
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw .unsupportedHost("DOCKER_HOST must hold an absolute path: unix:///path/to/docker.sock")
        }
        socketPath = path
    }

    /// The form that `DOCKER_HOST` takes.
    public var description: String { "unix://\(socketPath)" }
}
