import Testing

@testable import PostgresKit

@Suite("Pool bookkeeping")
struct PoolStateTests {
    private let start = ContinuousClock.now

    @Test("of the idle connections a caller gets the one it prefers, and otherwise the one used last")
    func preference() {
        var pool = PoolState<Int>(maximumConnections: 3, maximumWaiters: 0)
        for _ in 0..<3 { _ = pool.acquire() }
        for connection in 1...3 { _ = pool.release(connection, at: start) }
        let taken = [1, 9, 9].map { wanted -> Int? in
            guard case .granted(.use(let idle)) = pool.acquire(preferring: { $0 == wanted }) else { return nil }
            return idle.connection
        }
        #expect(taken == [1, 3, 2])
    }

    @Test("under random use no permit is lost or made up, and waiters come in order", arguments: 0..<100)
    func randomUse(seed: UInt64) {
        var random = Numbers(state: seed)
        var pool = PoolState<Int>(maximumConnections: 3, maximumWaiters: 4)
        var holders: [Int] = []
        var waiting: [UInt64] = []
        var made = 0
        func take(_ grant: PoolState<Int>.Grant) {
            switch grant {
            case .use(let idle): holders.append(idle.connection)
            case .open:
                made += 1
                holders.append(made)
            }
        }
        for _ in 0..<200 {
            switch random.next() % 4 {
            case 0, 1:
                switch pool.acquire() {
                case .granted(let grant): take(grant)
                case .wait(let waiter): waiting.append(waiter)
                case .refused(let error):
                    #expect(error == .queueFull)
                    #expect(waiting.count == 4)
                }
            case 2 where !holders.isEmpty:
                let connection = holders.remove(at: Int(random.next() % UInt64(holders.count)))
                let isBroken = random.next() % 3 == 0
                if case .handOver(let waiter, let grant) = pool.release(isBroken ? nil : connection, at: start) {
                    #expect(waiter == waiting.removeFirst())
                    take(grant)
                }
            case 3 where !waiting.isEmpty:
                let waiter = waiting.remove(at: Int(random.next() % UInt64(waiting.count)))
                let hasWaited = pool.abandon(waiter)
                let waitsStill = pool.abandon(waiter)
                #expect(hasWaited && !waitsStill)
            default: break
            }
            #expect(pool.leased == holders.count)
            #expect(pool.leased + pool.idleCount <= 3)
            #expect(pool.waiterCount == waiting.count)
            #expect(Set(holders).count == holders.count, "a connection was given to two callers")
            #expect(waiting.isEmpty || pool.leased == 3, "a caller waits although a permit is free")
        }
    }

    @Test("only what is idle for too long and beyond the minimum is surplus")
    func surplus() {
        var pool = PoolState<Int>(maximumConnections: 5, maximumWaiters: 0)
        for _ in 0..<4 { _ = pool.acquire() }
        _ = pool.release(1, at: start)
        _ = pool.release(2, at: start + .seconds(10))
        _ = pool.release(3, at: start + .seconds(20))
        let atThree = pool.takeSurplus(idleSince: start + .seconds(15), minimum: 3)
        #expect(atThree == [1])
        let atOne = pool.takeSurplus(idleSince: start + .seconds(15), minimum: 1)
        #expect(atOne == [2])
        #expect(pool.idleCount == 1)
    }

    @Test("a connection is too old from its maximum age on, and never without one")
    func age() {
        var configuration = PostgresPoolConfiguration()
        #expect(!configuration.isTooOld(openedAt: start, at: start + .seconds(1_000_000)))
        configuration.maximumAge = .seconds(60)
        #expect(!configuration.isTooOld(openedAt: start, at: start + .milliseconds(59_999)))
        #expect(configuration.isTooOld(openedAt: start, at: start + .seconds(60)))
    }

    @Test("a closed pool hands nothing over and keeps nothing")
    func closed() {
        var pool = PoolState<Int>(maximumConnections: 1, maximumWaiters: 5)
        _ = pool.acquire()
        guard case .wait(let waiter) = pool.acquire() else {
            Issue.record("the second caller does not wait")
            return
        }
        let waiters = pool.close().waiters
        #expect(waiters == [waiter])
        guard case .surplus = pool.release(1, at: start), case .refused(.closed) = pool.acquire() else {
            Issue.record("a closed pool keeps working")
            return
        }
        #expect(pool.leased == 0)
    }
}

/// A small generator with a seed (SplitMix64), so that a failing case can be run again.
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
