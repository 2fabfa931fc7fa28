import HTTPTypes
import ProjectModel
import Testing

@testable import ManagementAPI

/// Every route that can succeed does, once: so every documented answer is held to its documentation, and those of
/// `/v1` to the published document too (`APIHost.check`). There is no list to keep: a new route is a new case.
@Suite("Every route")
struct EveryRouteTests {
    /// Hosts that serve at once.
    private static let hosts = 8

    @Test("each answers a valid request with the documented success", arguments: 0..<hosts)
    func success(part: Int) async throws {
        let routes = allRoutes().enumerated().filter { $0.offset % Self.hosts == part }.map(\.element)
        #expect(!routes.isEmpty)
        for route in routes where !Self.isRefused(route) {
            try await APIHost.run { host in
                let ref = try await host.create()
                try await host.set(.starting, of: ref)
                try await host.set(.active, of: ref)
                let request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
                let answer = try await request.send(to: route, host, ref)
                #expect(
                    answer.status == route.operation.answer.status.code,
                    "\(route.name): \(answer.status) \(answer.text)")
            }
        }
    }

    /// Documented as a refusal.
    private static func isRefused(_ route: Route) -> Bool { route.operation.answer.status.code >= 400 }
}
