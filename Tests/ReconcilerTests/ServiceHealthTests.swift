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
            tally.record(
                result, of: run, at: Timestamp(milliseconds: Int64(number) * 1_000), uptime: .seconds(number))
        }
        return tally
    }

    @Test(
        "one success makes ready, two failures in a row make failing, a minute of failures makes unresponsive",
        arguments: [
            ("", .unknown), ("-", .starting), (String(repeating: "-", count: 100), .starting), ("+", .ready),
            ("-----+", .ready), ("+-", .ready), ("+--", .failing), ("+-+-+-", .ready), ("+--+", .ready),
            ("+" + String(repeating: "-", count: 60), .failing),
            ("+" + String(repeating: "-", count: 61), .unresponsive),
            ("+" + String(repeating: "-", count: 99), .unresponsive),
            ("+" + String(repeating: "-", count: 61) + "+", .ready),
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
            for _ in 0..<20 {
                tally.record(.notReady("late"), of: other, at: Timestamp(milliseconds: 9), uptime: .seconds(9))
            }
        }
        #expect(tally == before)
    }

    /// A tally of results at given seconds of uptime: `+` ready, `-` not ready, `?` not made.
    private func tally(_ results: [(Character, Int)], wallClock: (Int) -> Int64 = { Int64($0) }) -> ServiceHealth {
        var tally = ServiceHealth(of: run)
        for (letter, second) in results {
            let result: ProbeResult =
                switch letter {
                case "+": .ready
                case "-": .notReady("HTTP 503")
                default: .notMade("the engine is away")
                }
            tally.record(
                result, of: run, at: Timestamp(milliseconds: wallClock(second) * 1_000), uptime: .seconds(second))
        }
        return tally
    }

    @Test("time without probes is no time in which the service did not answer")
    func gaps() {
        let watched = [("+", 0), ("-", 1), ("-", 2), ("-", 9)] as [(Character, Int)]
        #expect(tally(watched).failingFor == .seconds(8))
        #expect(tally(watched + [("-", 3_600)]).failingFor == .seconds(8), "an hour of being stopped counts nothing")
        #expect(tally(watched + [("-", 3_600)]).verdict == .failing)
        #expect(tally(watched + [("-", 3_600), ("-", 3_601)]).failingFor == .seconds(9))
        #expect(
            tally([("-", 0), ("-", 1), ("-", 5_000)]).failingFor == .seconds(1), "the same before the first success")
        #expect(tally([("-", 5_000)]).failingFor == .zero, "nothing counts before the first result")
        #expect(tally(watched + [("+", 10), ("-", 11)]).failingFor == .zero, "a success ends it")
    }

    @Test("two failures with a gap between them are not two in a row")
    func unconfirmed() {
        #expect(tally([("+", 0), ("-", 1), ("-", 2)]).verdict == .failing)
        #expect(tally([("+", 0), ("-", 1), ("-", 61)]).verdict == .ready)
        #expect(tally([("+", 0), ("-", 1), ("-", 61), ("-", 62)]).verdict == .failing)
        #expect(tally([("+", 0), ("-", 1), ("-", 2), ("-", 62)]).verdict == .failing, "what is known stays known")
        #expect(tally([("+", 0), ("-", 600), ("-", 601)]).verdict == .failing, "a success may be old")
    }

    @Test("a probe that could not be made says nothing: it is no failure, and nothing becomes worse by it")
    func notMade() {
        let blind = Array(repeating: ("?" as Character, 2), count: 50)
        #expect(tally(blind).verdict == .unknown)
        #expect(tally(blind).obstacle == "the engine is away")
        #expect(tally([("+", 0)] + blind).verdict == .ready)
        #expect(tally([("-", 0), ("-", 1)] + blind).verdict == .starting)
        #expect(tally([("-", 0), ("-", 1)] + blind).failures == 2)
        let unresponsive = [("+", 0)] + (1...61).map { ("-" as Character, $0) }
        #expect(tally(unresponsive).verdict == .unresponsive)
        #expect(tally(unresponsive + [("?", 62)]).verdict == .failing, "an unobserved service is not restarted")
        #expect(tally(unresponsive + [("?", 62), ("-", 63)]).verdict == .unresponsive)
        #expect(tally(unresponsive + [("?", 62), ("+", 63)]).obstacle == nil)
    }

    @Test(
        "changes of the wall clock do not matter",
        arguments: [-7_200, 7_200, 31_536_000] as [Int64])
    func clock(jump: Int64) {
        let results = [("+", 0)] + (1...40).map { ("-" as Character, $0) }
        let jumped = tally(results) { Int64($0) + ($0 > 20 ? jump : 0) }
        #expect(jumped.failingFor == .seconds(39) && jumped.verdict == .failing)
    }

    @Test(
        "of the probes of several roles one that is not ready counts most, then one that could not be made",
        arguments: [
            ([.auth: .ready, .rest: .ready], .ready),
            ([.auth: .notMade("away"), .rest: .ready], .notMade("auth: away")),
            ([.auth: .notMade("away"), .rest: .notReady("refused")], .notReady("rest: refused")),
            ([.auth: .notReady("late"), .rest: .notReady("refused")], .notReady("auth: late")),
            ([.auth: .notMade("away"), .rest: .notMade("gone")], .notMade("auth: away")),
        ] as [([ServiceRole: ProbeResult], ProbeResult)])
    func severalRoles(roles: [ServiceRole: ProbeResult], whole: ProbeResult) {
        #expect(ProbeAnswer(roles).whole == whole && ProbeAnswer(roles).roles == roles)
    }
}
