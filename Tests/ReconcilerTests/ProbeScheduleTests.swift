import ProjectModel
import Reconciler
import Testing

@Suite("Pace of probes")
struct ProbeScheduleTests {
    private let pace = ProbeSchedule()
    private let run = Incarnation(containerID: "a", startedAt: nil)

    private func wait(
        _ results: [(Bool, second: Int64)], age: Duration, uptime: Duration = .zero, share: Double = 1
    ) -> Duration {
        var health = ServiceHealth(of: run)
        for (isReady, second) in results {
            health.record(
                isReady ? .ready : .notReady("no"), of: run, at: Timestamp(milliseconds: second * 1_000),
                uptime: .seconds(second))
        }
        return pace.wait(after: health, age: age, uptime: uptime, share: share)
    }

    @Test("a start is watched closely, a long one less")
    func starting() {
        #expect(wait([], age: .zero) == .milliseconds(60))
        #expect(wait([(false, 19)], age: .seconds(19)) == .milliseconds(60))
        #expect(wait([(false, 20)], age: .seconds(20)) == .milliseconds(300))
    }

    @Test("what cannot be probed is tried again each second, whatever was known of it")
    func blind() {
        for results in [[], [ProbeResult.ready], [.notReady("no")], [.ready, .notReady("no"), .notReady("no")]] {
            var health = ServiceHealth(of: run)
            for result in results + [.notMade("no descriptor")] {
                health.record(result, of: run, at: Timestamp(milliseconds: 0), uptime: .zero)
            }
            #expect(pace.wait(after: health, age: .zero, uptime: .zero, share: 1) == .seconds(1))
        }
    }

    @Test("undisturbed services are probed less and less often, up to a bound")
    func ready() {
        #expect(wait([(true, 0)], age: .zero) == .milliseconds(700))
        #expect(wait([(true, 7)], age: .seconds(7)) == .milliseconds(700))
        #expect(wait([(true, 20)], age: .seconds(20)) == .seconds(2))
        #expect(wait([(true, 50)], age: .seconds(150)) == .seconds(15))
        #expect(wait([(true, 50)], age: .seconds(86_400)) == .seconds(20))
    }

    @Test("projects that started together drift apart by at most a fifth")
    func spread() {
        #expect(wait([(true, 0)], age: .seconds(60), share: 0) == .milliseconds(4_800))
        #expect(wait([(true, 0)], age: .seconds(60), share: 0.5) == .milliseconds(5_400))
    }

    @Test("what has long been undisturbed is probed at moments that all services of a project share")
    func together() {
        for (share, first) in [(0.0, 20), (0.25, 15), (0.75, 5)] {
            for second in [0.0, 0.3, 4.9, 19.9, 123.4, 86_400] {
                let uptime = Duration.seconds(second)
                let wait = wait([(true, 0)], age: .seconds(500), uptime: uptime, share: share)
                #expect(wait > .zero && wait <= pace.ready.upperBound)
                let moments = (uptime + wait - .seconds(first)) / pace.ready.upperBound
                #expect(abs(moments - moments.rounded()) < 0.000_001)
            }
        }
    }

    @Test("one failure is checked at once, and a service that is down is asked often, later less")
    func failing() {
        #expect(wait([(true, 0), (false, 60)], age: .seconds(60)) == .milliseconds(100))
        #expect(wait([(true, 0), (false, 60), (false, 61)], age: .seconds(61)) == .milliseconds(150))
        let failures = (60...80).map { (false, second: Int64($0)) }
        #expect(wait([(true, 0)] + failures.dropLast(), age: .seconds(80)) == .milliseconds(150))
        #expect(wait([(true, 0)] + failures, age: .seconds(80)) == .seconds(1))
        #expect(wait([(true, 0)] + failures + failures.map { ($0.0, $0.second + 21) }, age: .zero) == .seconds(1))
    }
}
