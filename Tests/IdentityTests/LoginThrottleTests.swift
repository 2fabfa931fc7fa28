import OrchestratorTesting
import ProjectModel
import Testing

@testable import Identity

@Suite("The throttle of sign-ins")
struct LoginThrottleTests {
    private let start = VirtualTime.beginning

    /// Waits that `count` failures earn, each attempt made as soon as it may be.
    private func waits(_ count: Int, accounts: (Int) -> String, addresses: (Int) -> String) -> [Int64] {
        var throttle = LoginThrottle()
        var now = start
        return (0..<count).map { number in
            var waited: Int64 = 0
            while let wait = throttle.begin(account: accounts(number), address: addresses(number), at: now) {
                now = now + wait
                waited += wait.components.seconds
            }
            return waited
        }
    }

    @Test("of one account five failures are free, then waits double up to fifteen minutes")
    func account() {
        let waits = waits(17, accounts: { _ in "a" }, addresses: { "\($0)" })
        #expect(waits == [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    }

    @Test("of one address twenty failures are free, whatever the accounts")
    func address() {
        let waits = waits(24, accounts: { "\($0)" }, addresses: { _ in "x" })
        #expect(waits == Array(repeating: 0, count: 20) + [2, 4, 8, 16])
    }

    @Test(
        "a count is forgotten fifteen minutes after the last failure or the end of its wait", arguments: [false, true])
    func forgotten(isOver: Bool) {
        var throttle = LoginThrottle()
        var now = start
        for _ in 0..<5 { #expect(throttle.begin(account: "a", address: "x", at: now) == nil) }
        now = now + .seconds(2 + (isOver ? 900 : 899))
        #expect(throttle.begin(account: "a", address: "x", at: now) == nil)
        #expect((throttle.begin(account: "a", address: "y", at: now) == nil) == isOver)
    }

    @Test("attempts at the same moment count before they are decided")
    func parallel() {
        var throttle = LoginThrottle()
        let allowed = (0..<1_000).count { throttle.begin(account: "a", address: "\($0)", at: start) == nil }
        #expect(allowed == 5)
    }

    @Test("an attempt that is refused does not count")
    func refused() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { _ = throttle.begin(account: "a", address: "x", at: start) }
        let before = throttle
        #expect(throttle.begin(account: "a", address: "x", at: start + .seconds(1)) == .seconds(1))
        #expect(throttle == before)
    }

    @Test("success frees the account, but of the address only its own attempt")
    func success() {
        var throttle = LoginThrottle()
        for _ in 0..<4 { _ = throttle.begin(account: "a", address: "x", at: start) }
        for number in 0..<15 { _ = throttle.begin(account: "b\(number)", address: "x", at: start) }
        #expect(throttle.begin(account: "a", address: "x", at: start) == nil)
        throttle.succeed(account: "a", address: "x")
        #expect(throttle.begin(account: "a", address: "x", at: start) == nil)
        #expect(throttle.begin(account: "a", address: "x", at: start) == .seconds(2))
        for _ in 0..<4 { #expect(throttle.begin(account: "a", address: "y", at: start) == nil) }
    }

    @Test("what could not be decided does not count")
    func abandoned() {
        var throttle = LoginThrottle()
        for _ in 0..<20 {
            #expect(throttle.begin(account: "a", address: "x", at: start) == nil)
            throttle.abandon(account: "a", address: "x")
        }
        #expect(throttle.keyCount == (0, 0))
    }

    @Test("memory is bounded: the oldest are forgotten", arguments: 0..<20)
    func bounded(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var limits = LoginThrottle.Limits()
        limits.keysMax = 16
        var throttle = LoginThrottle(limits: limits)
        var now = start
        for _ in 0..<300 {
            now = now + .seconds(Int64.random(in: 0...3, using: &generator))
            let account = "\(Int.random(in: 0..<60, using: &generator))"
            let address = "\(Int.random(in: 0..<60, using: &generator))"
            switch throttle.begin(account: account, address: address, at: now) {
            case .some: break
            case nil where Bool.random(using: &generator): throttle.succeed(account: account, address: address)
            case nil: break
            }
            #expect(throttle.keyCount.accounts <= 16 && throttle.keyCount.addresses <= 16)
        }
    }

    @Test("whoever guesses, however they time it, gets few guesses an hour", arguments: 0..<50)
    func guesses(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var throttle = LoginThrottle()
        var guesses = 0
        var second: Int64 = 0
        while second < 3_600 {
            let address = "\(Int.random(in: 0..<1_000, using: &generator))"
            if throttle.begin(account: "a", address: address, at: start + .seconds(second)) == nil { guesses += 1 }
            second += Int64.random(in: 1...60, using: &generator)
        }
        // 5 free ones, 9 until the longest wait is reached, then 4 in an hour.
        #expect(guesses <= 18)
    }
}
