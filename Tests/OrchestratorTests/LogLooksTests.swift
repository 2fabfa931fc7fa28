import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import Orchestrator

@Suite("When containers are looked at for the readers of logs")
struct LogLooksTests {
    private static let start = ContinuousClock.now

    private func signs(_ status: ProjectStatus, run: String? = nil) throws -> ProjectSigns {
        let service = try #require(ServiceName("db"))
        return ProjectSigns(
            record: RecordOutline(
                status: status, configurationRevision: 1, updatedAt: Timestamp(milliseconds: 1_000)),
            runs: run.map { [service: Incarnation(containerID: $0, startedAt: nil)] } ?? [:])
    }

    /// The seconds of looks, when several readers ask each quarter of a second and see these signs.
    private func looks(
        seconds: Int, urgent: ClosedRange<Int>? = nil, failing: ClosedRange<Int>? = nil,
        _ signs: (Int) throws -> ProjectSigns
    ) rethrows -> [Double] {
        var schedule = LookSchedule(interval: .seconds(1), restMax: .seconds(10))
        var times: [Double] = []
        for tick in 0..<seconds * 4 {
            let now = Self.start + .milliseconds(tick * 250)
            for _ in 0..<16 {
                let isUrgent = urgent?.contains(tick / 4) ?? false
                guard schedule.isDue(try signs(tick / 4), isUrgent: isUrgent, at: now) else { continue }
                times.append(Double(tick) / 4)
                if failing?.contains(tick / 4) ?? false {
                    schedule.noteFailure(at: now)
                } else {
                    schedule.noteLook(at: now)
                }
            }
        }
        return times
    }

    @Test(
        "any number of readers of a project at rest: less and less often, up to every ten seconds",
        arguments: [ProjectStatus.paused, .failed, .active])
    func rest(status: ProjectStatus) throws {
        #expect(try looks(seconds: 50) { _ in try signs(status) } == [0, 1, 3, 7, 15, 25, 35, 45])
    }

    @Test("a change of the status or of a run is looked at at once")
    func changes() throws {
        let byStatus = try looks(seconds: 24) { try signs($0 < 20 ? .paused : .failed) }
        #expect(byStatus == [0, 1, 3, 7, 15, 20, 21, 23])
        let byRun = try looks(seconds: 24) { try signs(.active, run: $0 < 20 ? nil : "a") }
        #expect(byRun == byStatus)
    }

    @Test("a project on its way is looked at each second, by all readers together")
    func motion() throws {
        #expect(try looks(seconds: 5) { _ in try signs(.resuming) } == [0, 1, 2, 3, 4])
    }

    @Test("a reader whose log has ended, and an engine that does not answer, make no long pause")
    func urgency() throws {
        let times: [Double] = [0, 1, 3, 7, 15, 18, 19, 20, 21, 23]
        #expect(try looks(seconds: 24, urgent: 18...19) { _ in try signs(.active) } == times)
        #expect(try looks(seconds: 6, failing: 0...3) { _ in try signs(.active) } == [0, 1, 2, 3, 4, 5])
    }

    @Test("readers that begin look once together, and what is older than asked for is not given")
    func sharing() async throws {
        let engine = FakeEngine(time: SystemTime())
        let looks = LogLooks(interval: .seconds(600), restMax: .seconds(600))
        let ref = ProjectRef.sample()
        let present = try signs(.paused)
        let first = try #require(try await looks.look(at: ref, present, after: nil, isUrgent: false, on: engine))
        for _ in 0..<20 {
            let next = try await looks.look(at: ref, present, after: nil, isUrgent: false, on: engine)
            #expect(next?.at == first.at)
            #expect(try await looks.look(at: ref, present, after: first.at, isUrgent: true, on: engine) == nil)
        }
        #expect(engine.observationCount == 1)
    }
}
