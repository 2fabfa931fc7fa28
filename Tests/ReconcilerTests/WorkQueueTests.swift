import OrchestratorTesting
import Reconciler
import Testing

@Suite("The work queue")
struct WorkQueueTests {
    @Test("keys come out in the order in which they were added, each once")
    func order() {
        var queue = WorkQueue<Int>(activeMax: 10)
        for key in [3, 1, 3, 2, 1] { queue.add(key) }
        #expect(queue.waitingCount == 3)
        #expect([queue.take(), queue.take(), queue.take(), queue.take()] == [3, 1, 2, nil])
    }

    @Test("a key added while in work is worked on once more afterwards, however often it was added")
    func again() {
        var queue = WorkQueue<Int>(activeMax: 10)
        queue.add(1)
        #expect(queue.take() == 1)
        for _ in 0..<3 { queue.add(1) }
        #expect(queue.take() == nil)
        #expect(queue.waitingCount == 1)
        queue.finish(1)
        #expect(queue.take() == 1)
        queue.finish(1)
        #expect(queue.take() == nil)
        #expect(queue.waitingCount == 0)
    }

    @Test("finishing what is not in work changes nothing")
    func strayFinish() {
        var queue = WorkQueue<Int>(activeMax: 1)
        queue.finish(1)
        queue.add(1)
        queue.finish(1)
        #expect(queue.take() == 1)
        queue.add(2)
        queue.finish(2)
        #expect(queue.take() == nil)
    }

    @Test("a queue that allows nothing allows one")
    func atLeastOne() {
        var queue = WorkQueue<Int>(activeMax: 0)
        queue.add(1)
        #expect(queue.take() == 1)
    }

    @Test("no key is in work twice, none is lost, no limit is passed", arguments: UInt64(0)..<100)
    func property(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = WorkQueue<Int>(activeMax: 3)
        var active: Set<Int> = []
        var owed: Set<Int> = []
        for _ in 0..<300 {
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                let key = Int.random(in: 0..<6, using: &generator)
                queue.add(key)
                owed.insert(key)
            case 1:
                guard let key = queue.take() else { continue }
                #expect(active.insert(key).inserted)
                #expect(owed.remove(key) != nil)
                #expect(active.count <= 3)
            default:
                guard let key = active.sorted().randomElement(using: &generator) else { continue }
                active.remove(key)
                queue.finish(key)
            }
        }
        for key in active { queue.finish(key) }
        while let key = queue.take() {
            owed.remove(key)
            queue.finish(key)
        }
        #expect(owed.isEmpty)
    }
}
