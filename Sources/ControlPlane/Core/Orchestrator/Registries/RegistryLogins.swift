public import ProjectModel

/// The installation's logins at registries of images. They count from the next pull; the registry is not asked before.
public struct RegistryLogins: Sendable {
    /// Registries with a login at most.
    public static let countMax = 100
    /// Bytes of an account's name at most.
    public static let usernameBytesMax = 255
    /// Bytes of a password at most. Keys of service accounts are JSON documents of some kilobytes.
    public static let passwordBytesMax = 16 << 10

    /// An account's name and its password.
    public struct Credential: Sendable, Equatable {
        /// The name.
        public var username: String
        /// The password or access token.
        public var password: Secret<String>
    }

    private let store: any RegistryLoginStore
    private let sealer: any RegistryPasswordSealer
    private let time: any TimeSource

    /// Logins in a store.
    public init(
        store: any RegistryLoginStore, sealer: any RegistryPasswordSealer, time: any TimeSource = SystemTime()
    ) {
        self.store = store
        self.sealer = sealer
        self.time = time
    }

    /// All logins, by host.
    public func all() async throws(RegistryLoginError) -> [RegistryLogin] {
        do { return try await store.logins() } catch { throw .store(error) }
    }

    /// Stores a login, replacing the previous one for the same registry; returns both.
    public func save(
        username: String, password: Secret<String>, at host: RegistryHost
    ) async throws(RegistryLoginError) -> (before: RegistryLogin?, after: RegistryLogin) {
        try Self.check(username, password)
        let sealed: [UInt8]
        do { sealed = try sealer.seal(password, of: username, at: host) } catch { throw .keys(error) }
        let login = RegistryLogin(host: host, username: username, sealedPassword: sealed, updatedAt: time.now())
        let before: RegistryLogin?
        let isStored: Bool
        do {
            before = try await store.login(at: host)
            isStored = try await store.save(login, limit: Self.countMax)
        } catch { throw .store(error) }
        guard isStored else { throw .tooMany }
        return (before, login)
    }

    /// Forgets the login for a registry; gives it.
    public func remove(at host: RegistryHost) async throws(RegistryLoginError) -> RegistryLogin {
        let removed: RegistryLogin?
        do { removed = try await store.delete(at: host) } catch { throw .store(error) }
        guard let removed else { throw .notFound(host) }
        return removed
    }

    /// What to show a registry; nil without a login there.
    public func credential(at host: RegistryHost) async throws(RegistryLoginError) -> Credential? {
        let login: RegistryLogin?
        do { login = try await store.login(at: host) } catch { throw .store(error) }
        guard let login else { return nil }
        do {
            return Credential(
                username: login.username,
                password: try sealer.open(login.sealedPassword, of: login.username, at: login.host))
        } catch { throw .unreadable(host) }
    }

    private static func check(_ username: String, _ password: Secret<String>) throws(RegistryLoginError) {
        guard (1...usernameBytesMax).contains(username.utf8.count), isPrintable(username) else {
            throw .invalid("the user name must have 1 to \(usernameBytesMax) bytes, none of them a control character")
        }
        guard (1...passwordBytesMax).contains(password.reveal().utf8.count), !password.reveal().contains("\0") else {
            throw .invalid("the password must have 1 to \(passwordBytesMax) bytes, none of them zero")
        }
    }

    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } }
}

/// Why a login at a registry was not stored, found or opened. It holds no password.
public enum RegistryLoginError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The request is invalid.
    case invalid(String)
    /// There is no login for the registry.
    case notFound(RegistryHost)
    /// There are as many as there can be.
    case tooMany
    case store(StoreError)
    /// The stored password was sealed for something else, or with another master key.
    case unreadable(RegistryHost)
    /// The password could not be sealed.
    case keys(KeyError)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .invalid(let text): text
        case .notFound(let host): "the manager keeps no login for registry \(host)"
        case .tooMany:
            "the manager keeps logins for \(RegistryLogins.countMax) registries, which is the most: remove one first"
        case .store(let error): "\(error)"
        case .unreadable(let host): "the login that the manager keeps for registry \(host) cannot be read: log in again"
        case .keys(let error): "\(error)"
        }
    }
}
