public import Orchestrator
import Synchronization

/// Logins at registries in memory.
public final class InMemoryRegistryLoginStore: RegistryLoginStore, Revertible {
    private let state = Mutex<[RegistryHost: RegistryLogin]>([:])

    public init() {}

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { $0 }
        return { [self] in state.withLock { $0 = copy } }
    }

    /// All logins, by host.
    public func logins() async throws(StoreError) -> [RegistryLogin] {
        state.withLock { $0.values.sorted { $0.host < $1.host } }
    }

    /// The login for a registry.
    public func login(at host: RegistryHost) async throws(StoreError) -> RegistryLogin? { state.withLock { $0[host] } }

    /// Stores a login, replacing the previous one.
    public func save(_ login: RegistryLogin, limit: Int) async throws(StoreError) -> Bool {
        state.withLock { logins in
            guard logins.keys.count(where: { $0 != login.host }) < limit else { return false }
            logins[login.host] = login
            return true
        }
    }

    /// Forgets a login.
    public func delete(at host: RegistryHost) async throws(StoreError) -> RegistryLogin? {
        state.withLock { $0.removeValue(forKey: host) }
    }
}
