import Dispatch
import PasswordKit
import Synchronization
import Testing

@Suite("Workers for passwords")
struct PasswordWorkersTests {
    /// How many runs there are now, and were at most; each stops at a gate.
    private final class Gauge: Sendable {
        private let count = Mutex((now: 0, most: 0))
        private let gate = DispatchSemaphore(value: 0)

        var most: Int { count.withLock { $0.most } }

        func pass() {
            count.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            // Bounded so that a broken limit fails the test instead of stopping it for good.
            _ = gate.wait(timeout: .now() + 20)
            count.withLock { $0.now -= 1 }
        }

        func open(times: Int) {
            for _ in 0..<times { gate.signal() }
        }
    }

    private func isRefused(_ workers: PasswordWorkers, _ gauge: Gauge, client: String? = nil) async -> Bool {
        do throws(PasswordError) {
            try await workers.run(.check, for: client, refusal: PasswordError.overloaded) { () throws(PasswordError) in
                gauge.pass()
            }
            return false
        } catch { return true }
    }

    @Test("at most two runs work at once, 32 wait, the next is refused, and all places are free afterwards")
    func bound() async throws {
        let workers = PasswordWorkers(limits: .init(waitMax: .seconds(60)))
        let gauge = Gauge()
        let limits = workers.limits
        let capacity = limits.runningMax * (1 + limits.waitingMax)
        for _ in 0..<2 {
            let refused = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<(capacity + 5) { group.addTask { await isRefused(workers, gauge) } }
                // Only those that were refused can be ready before the gate opens.
                var refused = 0
                for _ in 0..<5 where await group.next() == true { refused += 1 }
                gauge.open(times: capacity)
                for await isRefused in group where isRefused { refused += 1 }
                return refused
            }
            #expect(refused == 5)
        }
        #expect(gauge.most <= limits.runningMax)
    }

    @Test("of one network eight wait or work; what it sends beyond is refused, what others send is not")
    func boundOfOne() async throws {
        let workers = PasswordWorkers(limits: .init(waitMax: .seconds(60)))
        let gauge = Gauge()
        let refused = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<workers.limits.perClientMax + 5 {
                group.addTask {
                    await isRefused(workers, gauge, client: "192.0.2.1")
                }
            }
            var refused = 0
            for _ in 0..<5 where await group.next() == true { refused += 1 }
            group.addTask {
                await isRefused(workers, gauge, client: "192.0.2.2")
            }
            gauge.open(times: workers.limits.perClientMax + 1)
            for await isRefused in group where isRefused { refused += 1 }
            return refused
        }
        #expect(refused == 5)
    }

    @Test("two runs really work at once: each waits for the other")
    func parallel() async throws {
        let workers = PasswordWorkers(limits: .init(waitMax: .seconds(60)))
        let arrivals = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        let met = await withTaskGroup(of: Bool.self) { group in
            for own in 0..<2 {
                group.addTask {
                    let isMet = try? await workers.run(.check, for: nil, refusal: PasswordError.overloaded) {
                        () throws(PasswordError) in
                        arrivals[own].signal()
                        return arrivals[1 - own].wait(timeout: .now() + 20) == .success
                    }
                    return isMet == true
                }
            }
            return await group.allSatisfy { $0 }
        }
        #expect(met)
    }

    @Test("an error of the work reaches the caller")
    func workError() async {
        await #expect(throws: PasswordError.unknownForm) {
            try await PasswordWorkers().run(.make, for: nil, refusal: PasswordError.overloaded) {
                () throws(PasswordError) -> Int in throw PasswordError.unknownForm
            }
        }
    }

    @Test("what gets its turn too late is not begun")
    func late() async {
        let workers = PasswordWorkers(limits: .init(waitMax: .seconds(-1)))
        let gauge = Gauge()
        gauge.open(times: 1)
        #expect(await isRefused(workers, gauge))
        #expect(gauge.most == 0)
    }
}
