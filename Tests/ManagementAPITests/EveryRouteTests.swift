import HTTPTypes
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// Every route that can succeed does, once: so every response is checked against its documentation, and those of `/v1`
/// to the published document too (`APIHost.check`). A new route is a new case automatically.
@Suite("Every route")
struct EveryRouteTests {
    /// Hosts that serve at once.
    private static let hosts = 8

    @Test(
        "each answers a valid request as it is documented, and refuses only what it always refuses",
        arguments: 0..<hosts)
    func answers(part: Int) async throws {
        let routes = allRoutes().enumerated().filter { $0.offset % Self.hosts == part }.map(\.element)
        #expect(!routes.isEmpty)
        for route in routes where route.operation.answer.status.code < 400 {
            let answer: Answer
            do { answer = try await self.answer(of: route) } catch {
                Issue.record("\(route.name): \(error)")
                continue
            }
            let wanted = ValidRequests.refusals[route.name] ?? route.operation.answer.status.code
            #expect(answer.status == wanted, "\(route.name): \(answer.status) \(answer.text)")
        }
    }

    private func answer(of route: Route) async throws -> Answer {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            let request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
            let answer = try await request.send(to: route, host, ref)
            #expect(host.databases.calls.allSatisfy { $0.query.account != nil }, "\(route.name) counts for no account")
            return answer
        }
    }

    @Test("every operation that is named as always refused is served, and counted as refused where it is one of /v1")
    func refusals() {
        let names = Set(allRoutes().map(\.name))
        for name in ValidRequests.refusals.keys { #expect(names.contains(name), "\(name)") }
        for route in allRoutes() where ValidRequests.refusals[route.name] != nil && route.path.hasPrefix("/v1/") {
            #expect(route.support == .refused, "\(route.name)")
        }
    }
}
