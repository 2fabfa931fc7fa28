import ProjectModel
import Testing

@testable import Orchestrator

@Suite("The rules of the manager's lease")
struct LeaseRulesTests {
    private let rules = LeaseRules()
    private let token = FencingToken(7)
    private let newer = FencingToken(8)

    private static let answers: [LeaseAnswer] = [.granted(FencingToken(8)), .held, .renewed, .lost, .silent]

    @Test("on standby only a grant makes active, from when it was asked for", arguments: answers)
    func standby(answer: LeaseAnswer) {
        let next = rules.next(.standby, answer, askedAt: .seconds(100), now: .seconds(101))
        #expect(next == (answer == .granted(newer) ? .active(newer, until: .seconds(108)) : .standby))
    }

    @Test(
        "an active manager stays active with a renewal, or without an answer until its time has passed",
        arguments: answers)
    func active(answer: LeaseAnswer) {
        let state = LeaseState.active(token, until: .seconds(105))
        let next = rules.next(state, answer, askedAt: .seconds(100), now: .seconds(101))
        let expected: LeaseState =
            switch answer {
            case .granted: .active(newer, until: .seconds(108))
            case .renewed: .active(token, until: .seconds(108))
            case .silent: state
            case .held, .lost: .standby
            }
        #expect(next == expected)
    }

    @Test("a term that has run out is over, whatever the store says to a renewal", arguments: answers)
    func lapsed(answer: LeaseAnswer) {
        let state = LeaseState.active(token, until: .seconds(105))
        for now in [Duration.seconds(105), .seconds(200)] {
            let next = rules.next(state, answer, askedAt: .seconds(100), now: now)
            let isNew = answer == .granted(newer) && now < .seconds(108)
            #expect(next == (isNew ? .active(newer, until: .seconds(108)) : .standby))
        }
    }

    @Test("an answer that took longer than the lease lasts grants nothing")
    func slowGrant() {
        #expect(rules.next(.standby, .granted(newer), askedAt: .seconds(100), now: .seconds(108)) == .standby)
        #expect(rules.next(.standby, .granted(newer), askedAt: .seconds(100), now: .seconds(107)) != .standby)
    }

    @Test("a late renewal does not take back what an earlier one gave")
    func crossedRenewals() {
        let state = LeaseState.active(token, until: .seconds(150))
        let next = rules.next(state, .renewed, askedAt: .seconds(100), now: .seconds(101))
        #expect(next == state)
    }

    @Test("two renewals may fail before the lease is over, and it is over for its holder before it is for others")
    func margins() {
        #expect(rules.renewalInterval * 2 < rules.ttl - rules.margin)
        #expect(rules.margin > .zero)
    }

    @Test("the machine's clock for leases never goes back")
    func uptime() async throws {
        let time = SystemTime()
        let before = time.uptime()
        try await time.sleep(for: .milliseconds(5))
        #expect(time.uptime() - before >= .milliseconds(5))
    }
}
