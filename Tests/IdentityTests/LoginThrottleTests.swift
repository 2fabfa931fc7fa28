import OrchestratorTesting
import ProjectModel
import Testing

@testable import Identity

@Suite("The throttle of sign-ins")
struct LoginThrottleTests {
    private let start: Duration = .seconds(1_000)

    /// Waits that `count` failures earn, each attempt made as soon as it may be.
    private func waits(_ count: Int, accounts: (Int) -> String, networks: (Int) -> String) -> [Int64] {
        var throttle = LoginThrottle()
        var now = start
        return (0..<count).map { number in
            var waited: Int64 = 0
            while case .refused(let wait) = throttle.begin(
                account: accounts(number), network: networks(number), at: now)
            {
                now += wait
                waited += wait.components.seconds
            }
            return waited
        }
    }

    @Test("of one account from one network five failures are free, then waits double up to fifteen minutes")
    func pair() {
        let waits = waits(17, accounts: { _ in "a" }, networks: { _ in "x" })
        #expect(waits == [0, 0, 0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
    }

    @Test("of one network twenty failures are free, whatever the accounts")
    func network() {
        let waits = waits(24, accounts: { "\($0)" }, networks: { _ in "x" })
        #expect(waits == Array(repeating: 0, count: 20) + [2, 4, 8, 16])
    }

    @Test("failures from foreign networks, however many, lock no account: they slow the account down")
    func account() {
        var throttle = LoginThrottle()
        var delays: [Duration] = []
        for number in 0..<2_000 {
            guard case .admitted(let delay) = throttle.begin(account: "a", network: "\(number)", at: start) else {
                Issue.record("attempt \(number) was refused")
                return
            }
            delays.append(delay)
        }
        #expect(delays.prefix(10).allSatisfy { $0 == .zero })
        #expect(delays[10..<15] == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(4)])
        #expect(throttle.begin(account: "a", network: "home", at: start) == .admitted(delay: .seconds(4)))
        #expect(throttle.begin(account: "b", network: "home", at: start) == .admitted(delay: .zero))
    }

    @Test(
        "a count is forgotten fifteen minutes after the last failure or the end of its wait", arguments: [false, true])
    func forgotten(isOver: Bool) {
        var throttle = LoginThrottle()
        var now = start
        for _ in 0..<5 { #expect(throttle.begin(account: "a", network: "x", at: now) == .admitted(delay: .zero)) }
        now += .seconds(2 + (isOver ? 900 : 899))
        #expect(throttle.begin(account: "a", network: "x", at: now) == .admitted(delay: .zero))
        #expect((throttle.begin(account: "a", network: "x", at: now) == .admitted(delay: .zero)) == isOver)
    }

    @Test("attempts at the same moment count before they are decided")
    func parallel() {
        var throttle = LoginThrottle()
        let allowed = (0..<1_000).count { _ in
            throttle.begin(account: "a", network: "x", at: start) == .admitted(delay: .zero)
        }
        #expect(allowed == 5)
    }

    @Test("an attempt that is refused does not count")
    func refused() {
        var throttle = LoginThrottle()
        for _ in 0..<5 { _ = throttle.begin(account: "a", network: "x", at: start) }
        let before = throttle
        let next = throttle.begin(account: "a", network: "x", at: start + .seconds(1))
        #expect(next == .refused(wait: .seconds(1)))
        #expect(throttle == before)
    }

    @Test("success frees the account there, but of the network only its own attempt")
    func success() {
        var throttle = LoginThrottle()
        for _ in 0..<4 { _ = throttle.begin(account: "a", network: "x", at: start) }
        for number in 0..<15 { _ = throttle.begin(account: "b\(number)", network: "x", at: start) }
        #expect(throttle.begin(account: "a", network: "x", at: start) == .admitted(delay: .zero))
        throttle.succeed(account: "a", network: "x")
        #expect(throttle.begin(account: "a", network: "x", at: start) == .admitted(delay: .zero))
        #expect(throttle.begin(account: "a", network: "x", at: start) == .refused(wait: .seconds(2)))
        for _ in 0..<4 { #expect(throttle.begin(account: "a", network: "y", at: start) == .admitted(delay: .zero)) }
    }

    @Test("what could not be decided does not count")
    func abandoned() {
        var throttle = LoginThrottle()
        for _ in 0..<20 {
            #expect(throttle.begin(account: "a", network: "x", at: start) == .admitted(delay: .zero))
            throttle.abandon(account: "a", network: "x")
        }
        #expect(throttle.keyCount == (0, 0, 0))
    }

    @Test("memory is bounded: the oldest are forgotten", arguments: 0..<20)
    func bounded(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var limits = LoginThrottle.Limits()
        limits.keysMax = 16
        var throttle = LoginThrottle(limits: limits)
        var now = start
        for _ in 0..<300 {
            now += .seconds(Int64.random(in: 0...3, using: &generator))
            let account = "\(Int.random(in: 0..<60, using: &generator))"
            let network = "\(Int.random(in: 0..<60, using: &generator))"
            switch throttle.begin(account: account, network: network, at: now) {
            case .refused: break
            case .admitted where Bool.random(using: &generator): throttle.succeed(account: account, network: network)
            case .admitted: break
            }
            let counts = throttle.keyCount
            #expect(counts.pairs <= 16 && counts.networks <= 16 && counts.accounts <= 16)
        }
    }

    @Test("guesses from one network, however timed, are limited to few an hour", arguments: 0..<50)
    func guesses(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var throttle = LoginThrottle()
        var guesses = 0
        var second: Int64 = 0
        while second < 3_600 {
            let admission = throttle.begin(account: "a", network: "x", at: start + .seconds(second))
            if case .admitted = admission { guesses += 1 }
            second += Int64.random(in: 1...60, using: &generator)
        }
        // 5 free ones, 9 until the longest wait is reached, then 4 in an hour.
        #expect(guesses <= 18)
    }
}
