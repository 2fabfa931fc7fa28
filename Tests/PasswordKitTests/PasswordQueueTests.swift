import Testing

@testable import PasswordKit

@Suite("Places for work on passwords")
struct PasswordQueueTests {
    private func queue(lanes: Int = 2, waiting: Int = 16, perClient: Int = 8) -> PasswordQueue {
        PasswordQueue(lanes: lanes, waitingMax: waiting, perClientMax: perClient)
    }

    @Test("any number of sign-ups from any number of networks leaves the other lane to sign-ins")
    func lanes() {
        var queue = queue()
        let taken = (0..<200).compactMap { queue.take(.make, client: "\($0)") }
        #expect(taken.count == 17 && taken.allSatisfy { $0.lane == 0 })
        let checks = (0..<200).compactMap { queue.take(.check, client: "\($0)") }
        #expect(checks.count == 17 && checks.allSatisfy { $0.lane == 1 })
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

    @Test("of more lanes the last one stays the checks' own, and the shortest comes first")
    func many() {
        var queue = queue(lanes: 4, waiting: 1)
        #expect((0..<7).map { _ in queue.take(.make, client: nil)?.lane } == [2, 1, 0, 2, 1, 0, nil])
        #expect((0..<3).map { _ in queue.take(.check, client: nil)?.lane } == [3, 3, nil])
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
