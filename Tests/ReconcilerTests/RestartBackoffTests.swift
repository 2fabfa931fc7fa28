import ProjectModel
import Reconciler
import Testing

@Suite("Restart back-off")
struct RestartBackoffTests {
    private let start = Timestamp(milliseconds: 1_000_000)

    @Test("waits double from half a second to a minute, and the first restart does not wait")
    func waits() {
        var backoff = RestartBackoff()
        #expect(backoff.nextStart == nil)
        var waits: [Duration] = []
        var now = start
        for _ in 0..<12 {
            backoff.noteStart(at: now)
            waits.append(backoff.delay)
            #expect(backoff.nextStart == now + backoff.delay)
            now = now + backoff.delay
        }
        let expected: [Double] = [0, 0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
        #expect(waits == expected.map { .seconds($0) })
        #expect(backoff.attempts == 12)
    }

    @Test("a run that lasted long enough forgives all before it, a shorter one does not")
    func forgiveness() {
        var backoff = RestartBackoff()
        for _ in 0..<3 { backoff.noteStart(at: start) }
        let almost = start + backoff.delay + RestartBackoff.forgivenAfter + .milliseconds(-1)
        var patient = backoff
        patient.noteStart(at: almost)
        #expect(patient.attempts == 4)
        backoff.noteStart(at: almost + .milliseconds(1))
        #expect(backoff.attempts == 1)
        #expect(backoff.delay == .zero)
    }

    @Test("no number of starts overflows the wait")
    func endless() {
        var backoff = RestartBackoff()
        for _ in 0..<10_000 { backoff.noteStart(at: start) }
        #expect(backoff.delay == RestartBackoff.longest)
    }
}
