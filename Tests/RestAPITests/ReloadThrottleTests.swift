import DataPlaneCore
import PostgresKit
import Synchronization
import Testing

@testable import RestAPI

@Suite("Readings of the catalogue that clients cause")
struct ReloadThrottleTests {
    /// A clock that moves by hand.
    private final class HandClock: Sendable {
        private let now = Mutex(1_000.0)

        var seconds: Double { now.withLock { $0 } }

        func advance(by seconds: Double) { now.withLock { $0 += seconds } }
    }

    @Test("one is admitted, and the next after the interval")
    func interval() {
        var throttle = ReloadThrottle()
        let admitted = [0.0, 0.1, 4.9, 5.0, 5.1, 9.9, 20].map { throttle.admits(at: $0) }
        #expect(admitted == [true, false, false, true, false, false, true])
    }

    @Test("a clock that is set back does not stop them")
    func setBack() {
        var throttle = ReloadThrottle()
        let admitted = [1_000.0, 10, 11, 15].map { throttle.admits(at: $0) }
        #expect(admitted == [true, true, false, true])
    }

    @Test("a service asks for one in the interval")
    func service() async throws {
        let clock = HandClock()
        let parameters = try PostgresConnectionParameters(url: "postgresql://nobody@localhost/nothing")
        let pool = PostgresPool(parameters)
        let service = RestService(
            configuration: RestConfiguration(), pool: pool, verifier: TokenVerifier(keys: [], audience: nil),
            clock: { clock.seconds })
        var asked: [Bool] = []
        for step in [0, 1, ReloadThrottle.secondsMin, 1] {
            clock.advance(by: step)
            asked.append(service.requestReloadAfterError())
        }
        #expect(asked == [true, false, true, false])
        await pool.close()
    }
}
