public import APIKit
import FeatureKit
public import Identity
public import Orchestrator
public import ProjectModel
import Synchronization

/// Asks the directory whose a token is, and remembers the answer for a moment: a page of Studio makes a dozen requests
/// at once.
///
/// What this process changes counts at once; what another process on the same database changes, a revoked token above
/// all, counts after ``lifetime``. Tokens are remembered by their digest alone.
public struct DirectoryTokenVerifier: AccessTokenVerifier {
    /// How long an answer is believed.
    public static let lifetime: Duration = .seconds(2)
    /// Principals that are remembered at most.
    public static let principalsMax = 10_000

    private let directory: AccountDirectory
    private let time: any TimeSource
    private let memory = PrincipalMemory()

    /// A verifier over the directory that the API changes: it must see the directory's changes.
    public init(directory: AccountDirectory, time: any TimeSource = SystemTime()) {
        self.directory = directory
        self.time = time
    }

    /// The principal behind a token, or nothing when the token is not valid (any more).
    public func principal(for token: Secret<String>) async throws(AccessTokenError) -> Principal? {
        do throws(IdentityError) { return try await known(token) } catch {
            throw .unavailable(APIError(error).message)
        }
    }

    /// Whether the session or token behind a principal is still valid, by the directory's store.
    public func holds(_ principal: Principal) async throws(AccessTokenError) -> Bool {
        do throws(IdentityError) { return try await directory.holds(principal) } catch {
            throw .unavailable(APIError(error).message)
        }
    }

    private func known(_ token: Secret<String>) async throws(IdentityError) -> Principal? {
        let key = try directory.digest(of: token)
        // Read before the directory is asked: a concurrent change must not be cached as the present.
        let (generation, now) = (directory.generation, time.now())
        if let known = memory.principal(key, generation: generation, at: now) { return known }
        guard let principal = try await directory.principal(for: token) else { return nil }
        memory.keep(principal, key, generation: generation, at: now)
        return principal
    }
}

/// Principals by the digest of their token, all read in one generation of the directory.
final class PrincipalMemory: Sendable {
    private struct Known {
        let principal: Principal
        let at: Timestamp

        func isFresh(at time: Timestamp) -> Bool {
            (.zero..<DirectoryTokenVerifier.lifetime).contains(time.since(at))
        }
    }

    private struct State {
        var generation = Int.min
        var known: [String: Known] = [:]
    }

    private let state = Mutex(State())

    /// Principals that are remembered.
    var count: Int { state.withLock { $0.known.count } }

    /// A principal that was read in this generation, a moment ago.
    func principal(_ key: String, generation: Int, at time: Timestamp) -> Principal? {
        state.withLock { state in
            guard state.generation == generation, let known = state.known[key] else { return nil }
            guard known.isFresh(at: time) else {
                state.known[key] = nil
                return nil
            }
            return known.principal
        }
    }

    /// Keeps what was read in a generation, unless there is a newer one already.
    func keep(_ principal: Principal, _ key: String, generation: Int, at time: Timestamp) {
        state.withLock { state in
            guard generation >= state.generation else { return }
            if generation > state.generation { state = State(generation: generation) }
            if state.known.count >= DirectoryTokenVerifier.principalsMax {
                state.known = state.known.filter { $0.value.isFresh(at: time) }
                if state.known.count >= DirectoryTokenVerifier.principalsMax { state.known = [:] }
            }
            state.known[key] = Known(principal: principal, at: time)
        }
    }
}
