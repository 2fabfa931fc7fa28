import Synchronization

/// Counts requests in windows of a minute: for each client as a whole, and besides for each scope and endpoint that it
/// asks. Memory only: PostgreSQL is not asked per request, and a restart forgives.
///
/// What a client names in its paths makes no more windows for it than ``endpointsMax``; beyond them its own window
/// alone counts. When memory is full the clients that were seen first go, and never all.
package final class RateLimiter: Sendable {
    /// The unit of counting within a client.
    package struct Endpoint: Hashable, Sendable {
        /// Project or organization that the path names; empty for what is the client's own.
        package let scope: String
        /// Method and path of the route.
        package let name: String
    }

    /// The decision on a request.
    package struct Verdict: Sendable, Equatable {
        package let limit: Int
        package let remaining: Int
        /// Seconds until the window ends.
        package let reset: Int
        package let isAdmitted: Bool
    }

    private struct Window {
        var start: ContinuousClock.Instant
        var count = 0

        func isOver(at now: ContinuousClock.Instant) -> Bool { now - start >= RateLimiter.windowLength }
    }

    private struct Client {
        var whole: Window
        var endpoints: [Endpoint: Window] = [:]

        func isOver(at now: ContinuousClock.Instant) -> Bool {
            whole.isOver(at: now) && endpoints.values.allSatisfy { $0.isOver(at: now) }
        }
    }

    private struct State {
        var clients: [String: Client] = [:]
        var endpointCount = 0
        var sweptAt: ContinuousClock.Instant
    }

    /// Length of a window.
    package static let windowLength: Duration = .seconds(60)
    /// Clients that are remembered at most.
    package static let clientsMax = 20_000
    /// Windows of endpoints that one client has at most.
    package static let endpointsMax = 256
    /// Windows of endpoints of all clients together.
    package static let windowsMax = 50_000
    /// How many times more than at one endpoint a client may ask in all.
    package static let wholeFactor = 10

    private let limit: Int?
    private let state: Mutex<State>

    /// A limiter; nothing is limited without a limit, which is that of one endpoint.
    package init(limit: Int?, now: ContinuousClock.Instant = .now) {
        self.limit = limit
        state = Mutex(State(sweptAt: now))
    }

    /// Counts one request of a client; nil when nothing is limited. Without an endpoint the client's own window counts,
    /// `factor` times the limit.
    package func admit(
        client name: String, endpoint: Endpoint?, factor: Int = wholeFactor, at now: ContinuousClock.Instant = .now
    ) -> Verdict? {
        guard let limit else { return nil }
        return state.withLock { state in
            Self.sweep(&state, at: now)
            var client = state.clients[name] ?? Client(whole: Window(start: now))
            let whole = Self.count(&client.whole, limit: limit * factor, at: now)
            var verdict = whole
            if let endpoint, whole.isAdmitted, Self.makesRoom(for: endpoint, in: client, &state) {
                var window = client.endpoints[endpoint] ?? Window(start: now)
                verdict = Self.count(&window, limit: limit, at: now)
                client.endpoints[endpoint] = window
            }
            state.clients[name] = client
            return verdict
        }
    }

    /// Whether a client has used up its own window, without counting.
    package func isExhausted(client name: String, factor: Int, at now: ContinuousClock.Instant = .now) -> Verdict? {
        guard let limit else { return nil }
        return state.withLock { state in
            guard var window = state.clients[name]?.whole, !window.isOver(at: now), window.count >= limit * factor
            else { return nil }
            return Self.count(&window, limit: limit * factor, at: now)
        }
    }

    private static func count(_ window: inout Window, limit: Int, at now: ContinuousClock.Instant) -> Verdict {
        if window.isOver(at: now) { window = Window(start: now) }
        window.count = min(window.count + 1, limit + 1)
        let left = windowLength - (now - window.start)
        return Verdict(
            limit: limit, remaining: max(0, limit - window.count),
            reset: max(1, Int(left.components.seconds) + (left.components.attoseconds > 0 ? 1 : 0)),
            isAdmitted: window.count <= limit)
    }

    private static func makesRoom(for endpoint: Endpoint, in client: Client, _ state: inout State) -> Bool {
        if client.endpoints[endpoint] != nil { return true }
        guard client.endpoints.count < endpointsMax, state.endpointCount < windowsMax else { return false }
        state.endpointCount += 1
        return true
    }

    /// Clients and windows of endpoints that are remembered.
    package var counts: (clients: Int, windows: Int) { state.withLock { ($0.clients.count, $0.endpointCount) } }

    /// Removes expired entries once a minute, and sooner when there is no more room.
    private static func sweep(_ state: inout State, at now: ContinuousClock.Instant) {
        guard state.clients.count >= clientsMax || now - state.sweptAt >= windowLength else { return }
        state.sweptAt = now
        state.clients = state.clients.filter { !$0.value.isOver(at: now) }
        for (name, client) in state.clients {
            state.clients[name]?.endpoints = client.endpoints.filter { !$0.value.isOver(at: now) }
        }
        if state.clients.count >= clientsMax {
            let oldest = state.clients.sorted { $0.value.whole.start < $1.value.whole.start }.prefix(clientsMax / 8)
            for (name, _) in oldest { state.clients[name] = nil }
        }
        state.endpointCount = state.clients.values.reduce(0) { $0 + $1.endpoints.count }
    }
}
