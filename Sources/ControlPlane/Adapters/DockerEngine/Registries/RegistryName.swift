import Orchestrator

/// The registry that an image comes from, as credentials name it.
struct RegistryName: Sendable, Hashable, CustomStringConvertible {
    /// Host and port, for instance `ghcr.io` or `registry.example.com:5000`.
    let host: String

    /// The registry of images without one.
    static let dockerHub = RegistryName(host: RegistryHost.dockerHubNames[0])
    /// The key under which credentials of Docker Hub are kept, for historical reasons.
    static let dockerHubKey = "https://index.docker.io/v1/"
    private static let dockerHubHosts = Set(RegistryHost.dockerHubNames.map { $0[...] })

    /// The registry of an image: its first part, if that can be no folder of Docker Hub.
    init(of image: ImageReference) {
        let parts = image.repository.split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let first = parts.first,
            first == "localhost" || first.contains(".") || first.contains(":")
        else {
            self = .dockerHub
            return
        }
        self = Self.dockerHubHosts.contains(first) ? .dockerHub : RegistryName(host: String(first))
    }

    /// The registry that a key of a configuration file means: scheme and path do not matter.
    init?(key: String) {
        var rest = key[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty else { return nil }
        self = Self.dockerHubHosts.contains(host) ? .dockerHub : RegistryName(host: host.lowercased())
    }

    private init(host: String) { self.host = host }

    /// What credential helpers are asked for.
    var key: String { self == .dockerHub ? Self.dockerHubKey : host }

    var description: String { host }
}
