import Synchronization

/// Counts requests in windows of a minute, for each client, scope and endpoint on its own. Memory only: PostgreSQL is
/// not asked per request, and a restart forgives.
final class RateLimiter: Sendable {
    /// What is counted together.
    struct Key: Hashable, Sendable {
        /// Account, or address of those who have none.
        let client: String
        /// Project or organization that the path names; empty for what is the client's own.
        let scope: String
        /// Method and path of the route.
        let endpoint: String
    }

    /// What a request is told.
    struct Verdict: Sendable, Equatable {
        let limit: Int
        let remaining: Int
        /// Seconds until the window ends.
        let reset: Int
        let isAdmitted: Bool
    }

    private struct Window {
        let start: ContinuousClock.Instant
        var count: Int
    }

    private struct State {
        var windows: [Key: Window] = [:]
        var sweptAt: ContinuousClock.Instant
    }

    /// Length of a window.
    static let windowLength: Duration = .seconds(60)
    /// Windows that are remembered at most. Beyond it the expired ones go, and if that is not enough, all of them.
    static let windowsMax = 50_000

    private let limit: Int?
    private let state: Mutex<State>

    /// A limiter; nothing is limited without a limit.
    init(limit: Int?, now: ContinuousClock.Instant = .now) {
        self.limit = limit
        state = Mutex(State(sweptAt: now))
    }

    /// Counts one request; nil when nothing is limited.
    func admit(_ key: Key, at now: ContinuousClock.Instant = .now) -> Verdict? {
        guard let limit else { return nil }
        return state.withLock { state in
            Self.sweep(&state, at: now)
            var window = state.windows[key] ?? Window(start: now, count: 0)
            if now - window.start >= Self.windowLength { window = Window(start: now, count: 0) }
            window.count = min(window.count + 1, limit + 1)
            state.windows[key] = window
            let left = Self.windowLength - (now - window.start)
            return Verdict(
                limit: limit, remaining: max(0, limit - window.count),
                reset: max(1, Int(left.components.seconds) + (left.components.attoseconds > 0 ? 1 : 0)),
                isAdmitted: window.count <= limit)
        }
    }

    /// Windows that are remembered.
    var windowCount: Int { state.withLock { $0.windows.count } }

    private static func sweep(_ state: inout State, at now: ContinuousClock.Instant) {
        guard state.windows.count >= windowsMax || now - state.sweptAt >= windowLength else { return }
        state.sweptAt = now
        state.windows = state.windows.filter { now - $0.value.start < windowLength }
        if state.windows.count >= windowsMax { state.windows = [:] }
    }
}
