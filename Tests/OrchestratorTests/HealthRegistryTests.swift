import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("Who watches which service")
struct HealthBoardTests {
    private let board = HealthBoard(SystemTime())
    private let ref: ProjectRef
    private let auth: ServiceName
    private let rest: ServiceName

    init() throws {
        ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
        auth = try #require(ServiceName("auth"))
        rest = try #require(ServiceName("rest"))
    }

    private func run(_ id: String) -> Incarnation { Incarnation(containerID: id, startedAt: nil) }

    @Test("a new run is watched, a known one goes on as it is")
    func begin() async {
        let first = await board.track([auth: run("a")], of: ref)
        #expect(Array(first.keys) == [auth])
        #expect(await board.track([auth: run("a")], of: ref) == [:])
    }

    @Test("when a neighbour starts or goes, whoever answers is asked again, and only the latest watch counts")
    func disturbance() async throws {
        let first = try #require(await board.track([auth: run("a")], of: ref)[auth])
        _ = await board.record(ProbeAnswer(.ready), of: auth, in: ref, turn: first)
        let both = await board.track([auth: run("a"), rest: run("r")], of: ref)
        let second = try #require(both[auth])
        #expect(second != first && both[rest] != nil)
        #expect(await board.isCurrent(second, of: auth, in: ref))
        #expect(await !board.isCurrent(first, of: auth, in: ref))
        #expect(await board.record(ProbeAnswer(.notReady("late")), of: auth, in: ref, turn: first) == nil)
        #expect(await board.tallies(of: ref)[auth]?.failures == 0)
        #expect(await Array(board.track([auth: run("a")], of: ref).keys) == [auth])
    }

    @Test("a service that is still starting keeps its watch when a neighbour starts")
    func patience() async throws {
        let first = try #require(await board.track([auth: run("a")], of: ref)[auth])
        #expect(await Array(board.track([auth: run("a"), rest: run("r")], of: ref).keys) == [rest])
        #expect(await board.isCurrent(first, of: auth, in: ref))
    }

    @Test("a new run forgets what the old one answered")
    func restart() async throws {
        let first = try #require(await board.track([auth: run("a")], of: ref)[auth])
        _ = await board.record(ProbeAnswer(.ready), of: auth, in: ref, turn: first)
        let second = try #require(await board.track([auth: run("b")], of: ref)[auth])
        #expect(await board.tallies(of: ref)[auth]?.verdict == .unknown)
        let record = await board.record(ProbeAnswer(.ready), of: auth, in: ref, turn: second)
        #expect(record?.before == .unknown && record?.after.verdict == .ready)
    }
}
