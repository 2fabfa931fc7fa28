import OrchestratorTesting
import Reconciler
import Testing

@Suite("The limit of calls at once")
struct ConcurrencyLimitTests {
    /// Lets an engine that works on `servers` calls at once answer as many calls as given: beyond that each waits.
    private func limit(after calls: Int, servers: Double, alone: Double = 0.3) -> ConcurrencyLimit {
        var limit = ConcurrencyLimit()
        limit.note(.seconds(alone), underWay: 1)
        for _ in 0..<calls {
            let seconds = alone * max(1, Double(limit.limit) / servers)
            limit.note(.seconds(seconds), underWay: limit.limit)
        }
        return limit
    }

    @Test("it comes to rest a few calls above what the engine works on at once", arguments: [1.0, 2, 3, 4, 6, 8, 12])
    func knee(servers: Double) {
        let (sooner, later) = (limit(after: 300, servers: servers).limit, limit(after: 2_000, servers: servers).limit)
        #expect(Double(later) >= servers)
        #expect(Double(later) <= servers + ConcurrencyLimit.queued.upperBound + 1)
        #expect(abs(sooner - later) <= 1)
    }

    @Test("it never leaves its bounds, whatever is measured", arguments: 0..<50)
    func bounds(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var limit = ConcurrencyLimit()
        for _ in 0..<500 {
            let milliseconds = Int.random(in: 0...2_000, using: &generator)
            limit.note(.milliseconds(milliseconds), underWay: Int.random(in: 1...20, using: &generator))
            #expect(ConcurrencyLimit.bounds.contains(limit.limit))
        }
    }

    @Test("it does not grow while fewer calls are made than it allows")
    func unused() {
        var limit = ConcurrencyLimit()
        for _ in 0..<100 { limit.note(.milliseconds(300), underWay: 1) }
        #expect(limit.limit == ConcurrencyLimit.initial)
    }

    @Test("an engine that has become slower permanently is measured again")
    func slower() {
        var limit = ConcurrencyLimit()
        limit.note(.milliseconds(10), underWay: 1)
        for number in 0..<2_000 {
            let underWay = number % 50 == 0 ? 1 : limit.limit
            limit.note(.seconds(1.0 * max(1, Double(underWay) / 6)), underWay: underWay)
        }
        #expect(limit.limit >= 6)
    }
}
