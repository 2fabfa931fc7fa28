import Synchronization

/// Counts requests and their durations since the manager started. Routes are named by their templates, so that the
/// number of series is bounded by the number of routes.
package final class RequestMetrics: Sendable {
    /// Upper bounds of the buckets of durations in seconds.
    package static let buckets: [Double] = [0.005, 0.025, 0.1, 0.5, 1, 5, 30]

    private struct Key: Hashable {
        let route: String
        let codeClass: Int
    }

    private struct Durations {
        var counts = [Int64](repeating: 0, count: RequestMetrics.buckets.count)
        var count: Int64 = 0
        var sum = 0.0
    }

    private struct State {
        var requests: [Key: Int64] = [:]
        var durations: [String: Durations] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Counts an answered request.
    package func count(_ route: String, status: Int, duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let value = Double(seconds) + Double(attoseconds) / 1e18
        state.withLock { state in
            state.requests[Key(route: route, codeClass: status / 100), default: 0] += 1
            var durations = state.durations[route] ?? Durations()
            for (index, bound) in Self.buckets.enumerated() where value <= bound { durations.counts[index] += 1 }
            durations.count += 1
            durations.sum += value
            state.durations[route] = durations
        }
    }

    /// Writes both families.
    package func write(to page: inout PrometheusText) {
        let state = state.withLock { $0 }
        page.add(
            "supamanager_http_requests_total", .counter,
            help: "Requests answered, by route, method and class of status.",
            samples: state.requests.sorted { ($0.key.route, $0.key.codeClass) < ($1.key.route, $1.key.codeClass) }.map {
                let labels = Self.labels($0.key.route) + [("code", "\($0.key.codeClass)xx")]
                return PrometheusText.Sample(labels: labels, value: Double($0.value))
            })
        page.add(
            "supamanager_http_request_duration_seconds", .histogram, help: "Time from a request to its answer.",
            samples: state.durations.sorted { $0.key < $1.key }.flatMap { route, durations in
                PrometheusText.histogram(
                    labels: Self.labels(route), bounds: Self.buckets, counts: durations.counts, count: durations.count,
                    sum: durations.sum)
            })
    }

    /// `GET /v1/projects` as two labels; what has no route is `-`.
    private static func labels(_ route: String) -> [(name: String, value: String)] {
        let parts = route.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return [("route", "-"), ("method", "-")] }
        return [("route", String(parts[1])), ("method", String(parts[0]))]
    }
}
