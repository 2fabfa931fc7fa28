import ProjectModel
import Reconciler
import Testing

@Suite("Probe tallies")
struct ServiceHealthTests {
    private let run = Incarnation(containerID: "a", startedAt: Timestamp(milliseconds: 1))

    private func tally(_ results: String) -> ServiceHealth {
        var tally = ServiceHealth(of: run)
        for (number, letter) in results.enumerated() {
            let result: ProbeResult = letter == "+" ? .ready : .notReady("answer \(number)")
            tally.record(result, of: run, at: Timestamp(milliseconds: Int64(number) * 1_000))
        }
        return tally
    }

    @Test(
        "one success makes ready, two failures in a row make failing, a minute of failures makes sick",
        arguments: [
            ("", .starting), ("-", .starting), (String(repeating: "-", count: 100), .starting), ("+", .ready),
            ("-----+", .ready), ("+-", .ready), ("+--", .failing), ("+-+-+-", .ready), ("+--+", .ready),
            ("+" + String(repeating: "-", count: 60), .failing), ("+" + String(repeating: "-", count: 61), .sick),
            ("+" + String(repeating: "-", count: 99), .sick), ("+" + String(repeating: "-", count: 61) + "+", .ready),
            (String(repeating: "-", count: 90) + "+--", .failing),
        ] as [(String, ServiceHealth.Verdict)])
    func verdicts(results: String, verdict: ServiceHealth.Verdict) {
        #expect(tally(results).verdict == verdict)
    }

    @Test("the tally remembers the last failure and when it was seen, and forgets it with a success")
    func lastFailure() {
        #expect(tally("+--").lastFailure == "answer 2")
        #expect(tally("+--").failures == 2)
        #expect(tally("+--").observedAt == Timestamp(milliseconds: 2_000))
        #expect(tally("+--+").lastFailure == nil)
        #expect(tally("").observedAt == nil)
    }

    @Test("results of another run of the container count for nothing")
    func otherRun() {
        var tally = tally("+")
        let before = tally
        for other in [
            Incarnation(containerID: "b", startedAt: run.startedAt),
            Incarnation(containerID: "a", startedAt: Timestamp(milliseconds: 2)),
            Incarnation(containerID: "a", startedAt: nil),
        ] {
            for _ in 0..<20 { tally.record(.notReady("late"), of: other, at: Timestamp(milliseconds: 9)) }
        }
        #expect(tally == before)
    }
}
