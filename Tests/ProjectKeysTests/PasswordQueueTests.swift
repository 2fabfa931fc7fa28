import Identity
import Testing

@testable import ProjectKeys

@Suite("Places for work on passwords")
struct PasswordQueueTests {
    private func queue(waiting: Int = 16, perClient: Int = 8) -> PasswordQueue {
        PasswordQueue(waitingMax: waiting, perClientMax: perClient)
    }

    @Test("any number of sign-ups from any number of networks leaves the other lane to sign-ins")
    func lanes() {
        var queue = queue()
        let taken = (0..<200).compactMap { queue.take(.make, client: "\($0)") }
        #expect(taken.count == 17 && taken.allSatisfy { $0.lane == PasswordQueue.makingLane })
        let checks = (0..<200).compactMap { queue.take(.check, client: "\($0)") }
        #expect(checks.count == 17 && checks.allSatisfy { $0.lane != PasswordQueue.makingLane })
        #expect(queue.take(.make, client: nil) == nil && queue.take(.check, client: nil) == nil)
        for place in taken + checks { queue.release(place) }
        #expect(queue.inHand == [0, 0])
    }

    @Test("sign-ins alone use both lanes, the shorter one first")
    func both() {
        var queue = queue(waiting: 1)
        let lanes = (0..<5).map { _ in queue.take(.check, client: nil)?.lane }
        #expect(lanes == [1, 0, 1, 0, nil])
    }

    @Test("one network has a few places of each kind, and gets them back")
    func clients() {
        var queue = queue(perClient: 2)
        let first = queue.take(.make, client: "a")
        #expect(first != nil && queue.take(.make, client: "a") != nil && queue.take(.make, client: "a") == nil)
        #expect(queue.take(.make, client: "b") != nil)
        #expect(queue.take(.check, client: "a") != nil && queue.take(.check, client: "a") != nil)
        #expect(queue.take(.check, client: "a") == nil)
        if let first { queue.release(first) }
        #expect(queue.take(.make, client: "a") != nil && queue.take(.make, client: "a") == nil)
    }
}
