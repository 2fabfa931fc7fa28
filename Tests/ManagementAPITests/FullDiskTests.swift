import HTTPTypes
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A tenant who may store things must not be able to take the disk from everybody: the manager's own database ends with
/// the last free byte.
@Suite("A disk that is nearly full")
struct FullDiskTests {
    private final class Disk: Sendable {
        let isFull = Atomic(false)
    }

    @Test("nothing new is stored, while reading, deleting, pausing, SQL and signing in continue; for every route")
    func everyRoute() async throws {
        for route in allRoutes() where route.operation.answer.status.code < 400 {
            guard ValidRequests.refusals[route.name] == nil else { continue }
            do { try await check(route) } catch { Issue.record("\(route.name): \(error)") }
        }
    }

    private func check(_ route: Route) async throws {
        let disk = Disk()
        try await APIHost.run(hasRoom: { !disk.isFull.load(ordering: .relaxed) }) { host in
            let ref = try await host.create()
            try await host.set(.starting, of: ref)
            try await host.set(.active, of: ref)
            let request = try await ValidRequests.all[route.name]?(host, ref) ?? ValidRequest()
            disk.isFull.store(true, ordering: .relaxed)
            let answer = try await request.send(to: route, host, ref)
            #expect((answer.status == 507) == Self.stores(route), "\(route.name): \(answer.status) \(answer.text)")
        }
    }

    private static func stores(_ route: Route) -> Bool {
        switch route.effect {
        case .none, .seen: false
        case .change, .unaudited, .external:
            route.method != .delete && !route.endsCredentials && !route.path.hasSuffix("/pause")
                && !route.path.hasSuffix("/query")
        }
    }
}
