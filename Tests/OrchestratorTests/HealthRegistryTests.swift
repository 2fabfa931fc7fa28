import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Who watches which service")
struct HealthRegistryTests {
    private let registry = HealthRegistry(SystemTime())
    private let ref: ProjectRef
    private let auth: ServiceName
    private let rest: ServiceName

    init() throws {
        ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        auth = try #require(ServiceName("auth"))
        rest = try #require(ServiceName("rest"))
    }

    private func run(_ id: String) -> Incarnation { Incarnation(containerID: id, startedAt: nil) }

    @Test("a new run is watched, a known one is unchanged")
    func begin() async {
        let first = await registry.track([auth: run("a")], of: ref)
        #expect(Array(first.keys) == [auth])
        #expect(await registry.track([auth: run("a")], of: ref) == [:])
    }

    @Test("when another container starts or ends, ready services are probed again, and only the latest watch counts")
    func disturbance() async throws {
        let first = try #require(await registry.track([auth: run("a")], of: ref)[auth])
        _ = await registry.record(ProbeAnswer(.ready), of: auth, in: ref, turn: first)
        let both = await registry.track([auth: run("a"), rest: run("r")], of: ref)
        let second = try #require(both[auth])
        #expect(second != first && both[rest] != nil)
        #expect(await registry.isCurrent(second, of: auth, in: ref))
        #expect(await !registry.isCurrent(first, of: auth, in: ref))
        #expect(await registry.record(ProbeAnswer(.notReady("late")), of: auth, in: ref, turn: first) == nil)
        #expect(await registry.tallies(of: ref)[auth]?.failures == 0)
        #expect(await Array(registry.track([auth: run("a")], of: ref).keys) == [auth])
    }

    @Test("a service that is still starting keeps its watch when a neighbour starts")
    func patience() async throws {
        let first = try #require(await registry.track([auth: run("a")], of: ref)[auth])
        #expect(await Array(registry.track([auth: run("a"), rest: run("r")], of: ref).keys) == [rest])
        #expect(await registry.isCurrent(first, of: auth, in: ref))
    }

    @Test("a new run forgets what the old one answered")
    func restart() async throws {
        let first = try #require(await registry.track([auth: run("a")], of: ref)[auth])
        _ = await registry.record(ProbeAnswer(.ready), of: auth, in: ref, turn: first)
        let second = try #require(await registry.track([auth: run("b")], of: ref)[auth])
        #expect(await registry.tallies(of: ref)[auth]?.verdict == .unknown)
        let record = await registry.record(ProbeAnswer(.ready), of: auth, in: ref, turn: second)
        #expect(record?.before == .unknown && record?.after.verdict == .ready)
    }
}
