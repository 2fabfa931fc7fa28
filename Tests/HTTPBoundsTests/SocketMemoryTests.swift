import HTTPBounds
import Testing

@Suite("Bytes that WebSockets hold")
struct SocketMemoryTests {
    private func memory(_ bytesMax: Int, waitingMax: Int = 1 << 20, sockets: Int = 4) -> SocketMemory<
        Int
    > {
        let memory = SocketMemory<Int>(bytesMax: bytesMax, waitingMax: waitingMax)
        for id in 1...sockets { memory.add(id) }
        return memory
    }

    @Test("short messages are not counted, and what is finished comes back")
    func unfinished() {
        let memory = memory(2_000_000)
        #expect(memory.keep(16 << 10, of: 1).isEmpty && memory.bytesTaken.unfinished == 0)
        #expect(
            memory.keep(500_000, of: 1).isEmpty && memory.bytesTaken.unfinished == 500_000 - (16 << 10))
        #expect(
            memory.keep(100_000, of: 1).isEmpty && memory.bytesTaken.unfinished == 100_000 - (16 << 10))
        #expect(memory.keep(0, of: 1).isEmpty && memory.bytesTaken.unfinished == 0)
        #expect(memory.keep(500_000, of: 1).isEmpty)
        memory.remove(1)
        #expect(memory.bytesTaken.unfinished == 0)
        #expect(memory.keep(500_000, of: 1).isEmpty && memory.bytesTaken.unfinished == 0)
    }

    @Test("the oldest unfinished message makes way")
    func eviction() {
        let memory = memory(2_000_000)
        for id in 1...3 { #expect(memory.keep(300_000, of: id).isEmpty) }
        #expect(memory.keep(300_000, of: 4) == [1])
        // A message that grows keeps its age; one that was whole in between has a new one.
        #expect(memory.keep(0, of: 2).isEmpty && memory.keep(300_000, of: 2).isEmpty)
        #expect(memory.keep(600_000, of: 4) == [3])
        #expect(memory.keep(900_000, of: 4) == [4])
        // What has made way has no say any more.
        #expect(
            memory.keep(900_000, of: 1).isEmpty && !memory.close(1)
                && memory.send(1, to: [1]).takers.isEmpty)
        #expect(memory.bytesTaken.unfinished == 300_000 - (16 << 10))
    }

    @Test("a message counts once for all of its receivers, until the last has it")
    func shared() {
        let memory = memory(200_000)
        #expect(memory.send(50_000, to: [1, 2, 3]).takers == [1, 2, 3])
        #expect((50_000..<60_000).contains(memory.bytesTaken.waiting))
        memory.written(by: 1)
        memory.written(by: 2)
        #expect((50_000..<60_000).contains(memory.bytesTaken.waiting))
        memory.written(by: 3)
        #expect(memory.bytesTaken.waiting == 0)
    }

    @Test("those for which most waits make way, and the others get the message")
    func slowest() {
        let memory = memory(200_000)
        for _ in 0..<2 { #expect(memory.send(30_000, to: [1]).takers == [1]) }
        #expect(memory.send(20_000, to: [2]).takers == [2])
        let delivery = memory.send(30_000, to: [1, 2, 3])
        #expect(delivery.evicted == [1] && delivery.takers == [2, 3] && delivery.tooSlow.isEmpty)
        #expect(memory.bytesTaken.waiting <= 100_000)
        // A message that is larger than everything goes alone.
        let large = memory.send(300_000, to: [4])
        #expect(Set(large.evicted) == [2, 3] && large.takers == [4])
    }

    @Test("messages without bytes take room too")
    func overhead() {
        let memory = memory(200_000)
        var sent = 0
        while memory.send(0, to: [1]).evicted.isEmpty, sent < 1_000 { sent += 1 }
        #expect(sent < 1_000)
    }

    @Test("one that is too slow for its own bound takes nothing more")
    func bound() {
        let memory = memory(1 << 20, waitingMax: 100_000)
        // One message alone always may wait.
        #expect(memory.send(200_000, to: [1]).takers == [1])
        let second = memory.send(1, to: [1, 2])
        #expect(second.tooSlow == [1] && second.takers == [2])
        #expect(
            memory.send(1, to: [1]).tooSlow.isEmpty && !memory.close(1) && memory.close(2)
                && !memory.close(2))
    }
}
