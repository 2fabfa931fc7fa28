public import ProjectModel

/// The host of a registry of images, with its port where it has one: `ghcr.io`, `registry.example.com:5000`.
public struct RegistryHost: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Bytes of a host with its port at most.
    public static let bytesMax = 255
    /// Names under which Docker Hub is known. The first is the one that it has here.
    public static let dockerHubNames = ["docker.io", "index.docker.io", "registry-1.docker.io"]

    /// Host and port in lower case.
    public let text: String

    /// The host that a text names as `docker login` takes it: a scheme before it and a path behind it do not matter.
    public init?(_ given: String) {
        var rest = given.lowercased()[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let host = String(rest.prefix { $0 != "/" })
        guard host.utf8.count <= Self.bytesMax,
            let match = host.wholeMatch(of: /[a-z0-9]([a-z0-9.\-]*[a-z0-9])?(?::([0-9]{1,5}))?/),
            match.2.map({ UInt16($0).map { $0 > 0 } ?? false }) ?? true
        else { return nil }
        text = Self.dockerHubNames.contains(host) ? Self.dockerHubNames[0] : host
    }

    /// The same as ``text``.
    public var description: String { text }

    /// In the order of their texts.
    public static func < (left: Self, right: Self) -> Bool { left.text < right.text }
}

/// The stored login that the manager sends to a registry before a pull.
public struct RegistryLogin: Sendable, Equatable {
    public var host: RegistryHost
    /// Name of the account there.
    public var username: String
    /// The password or access token, sealed for this registry and account.
    public var sealedPassword: [UInt8]
    /// When it was stored.
    public var updatedAt: Timestamp

    public init(host: RegistryHost, username: String, sealedPassword: [UInt8], updatedAt: Timestamp) {
        self.host = host
        self.username = username
        self.sealedPassword = sealedPassword
        self.updatedAt = updatedAt
    }
}

/// Keeps the logins, one for each registry.
public protocol RegistryLoginStore: Sendable {
    /// All of them, by host.
    func logins() async throws(StoreError) -> [RegistryLogin]
    func login(at host: RegistryHost) async throws(StoreError) -> RegistryLogin?
    /// Stores a login, replacing the previous one; false, and nothing is stored, when there are `limit` for other
    /// registries.
    func save(_ login: RegistryLogin, limit: Int) async throws(StoreError) -> Bool
    /// Forgets a login; gives the one that there was.
    func delete(at host: RegistryHost) async throws(StoreError) -> RegistryLogin?
}

/// Encrypts passwords of registries, so that the database alone does not reveal them.
public protocol RegistryPasswordSealer: Sendable {
    /// Seals a password; it opens for the same registry and account alone, so that no row shows it to another one.
    func seal(
        _ password: Secret<String>, of username: String, at host: RegistryHost
    ) throws(KeyError) -> [UInt8]
    func open(_ sealed: [UInt8], of username: String, at host: RegistryHost) throws(KeyError) -> Secret<String>
}
