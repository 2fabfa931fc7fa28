import NIOCore
import Synchronization

/// Bytes that all WebSockets together hold: of messages that clients have not finished, and of those that wait to be
/// taken in. Each of the two has half of them. Where one is used up, those who hold it make way.
package final class SocketMemory<ID: Hashable & Sendable>: Sendable {
    /// What comes of a message to several sockets.
    package struct Delivery: Sendable {
        /// Those that it may be written to.
        package var takers: [ID] = []
        /// Those for which more waits than one socket may have: they take nothing any more.
        package var tooSlow: [ID] = []
        /// Those that had to make way: what they hold is counted no longer, and their connections must end at once.
        package var evicted: [ID] = []
    }

    private struct Waiting {
        /// Of the message, which all its receivers share.
        let message: ByteBudget.Share
        /// Of this socket alone.
        let own: ByteBudget.Share
        let bytes: Int
    }

    private struct Entry {
        var unfinished: ByteBudget.Share?
        /// When the unfinished message began, in the order of all.
        var began: UInt64 = 0
        var waiting = CircularBuffer<Waiting>()
        var bytes = 0
        var isClosed = false
    }

    private struct State {
        var entries: [ID: Entry] = [:]
        var counter: UInt64 = 0
    }

    /// What a message takes in memory for each of its receivers.
    private static var overheadBytes: Int { 512 }
    /// Bytes of an unfinished message that are not counted: most messages are shorter, and whole in a moment.
    private static var freeBytes: Int { 16 << 10 }

    private let waitingMax: Int
    private let inbound: ByteBudget
    private let outbound: ByteBudget
    private let state = Mutex(State())

    /// - Parameters:
    ///   - bytesMax: of all sockets.
    ///   - waitingMax: bytes that may wait for one of them; a message alone always may.
    package init(bytesMax: Int, waitingMax: Int) {
        inbound = ByteBudget(bytesMax: bytesMax / 2)
        outbound = ByteBudget(bytesMax: bytesMax / 2)
        self.waitingMax = waitingMax
    }

    /// Bytes of unfinished messages, and of those that wait.
    package var bytesTaken: (unfinished: Int, waiting: Int) {
        (inbound.bytesTaken, outbound.bytesTaken)
    }

    package func add(_ id: ID) { state.withLock { $0.entries[id] = Entry() } }

    package func remove(_ id: ID) { state.withLock { $0.entries[id] = nil } }

    /// Takes nothing for a socket any more. False where that was so already.
    package func close(_ id: ID) -> Bool {
        state.withLock { state in
            guard let entry = state.entries[id], !entry.isClosed else { return false }
            state.entries[id]?.isClosed = true
            return true
        }
    }

    /// So many bytes of a client's message are there, and it is not whole. Gives those who make way, the oldest message
    /// first: it may be the client itself.
    package func keep(_ count: Int, of id: ID) -> [ID] {
        state.withLock { state in
            guard let entry = state.entries[id] else { return [] }
            guard count > Self.freeBytes, !entry.isClosed else {
                if entry.unfinished != nil { state.entries[id]?.unfinished = nil }
                return []
            }
            if entry.unfinished == nil {
                state.counter += 1
                state.entries[id]?.began = state.counter
            }
            // What was taken for less, or for more, is given back first.
            entry.unfinished?.release()
            let share = entry.unfinished ?? inbound.share(beyond: Self.freeBytes)
            state.entries[id]?.unfinished = share
            var evicted: [ID] = []
            while !share.grow(to: count) {
                let holders = state.entries.filter { $0.value.unfinished != nil }
                guard let oldest = holders.min(by: { $0.value.began < $1.value.began })?.key else { break }
                Self.evict(oldest, from: &state)
                evicted.append(oldest)
                if oldest == id { break }
            }
            return evicted
        }
    }

    /// A message of so many bytes is to be sent. Where there is no room, those make way for which most waits.
    package func send(_ count: Int, to ids: [ID]) -> Delivery {
        state.withLock { state in
            var delivery = Delivery()
            let message = outbound.share(beyond: 0)
            makeRoom(for: message, of: count, in: &state, noting: &delivery)
            for id in ids {
                guard let entry = state.entries[id], !entry.isClosed else { continue }
                let bytes = count + Self.overheadBytes
                guard entry.bytes == 0 || entry.bytes + bytes <= waitingMax else {
                    state.entries[id]?.isClosed = true
                    delivery.tooSlow.append(id)
                    continue
                }
                let own = outbound.share(beyond: 0)
                makeRoom(for: own, of: Self.overheadBytes, in: &state, noting: &delivery)
                guard state.entries[id]?.isClosed == false else { continue }
                state.entries[id]?.bytes += bytes
                state.entries[id]?.waiting.append(Waiting(message: message, own: own, bytes: bytes))
                delivery.takers.append(id)
            }
            // It may have made way for a later receiver.
            delivery.takers.removeAll { state.entries[$0]?.isClosed != false }
            return delivery
        }
    }

    /// The first of the messages that wait for a socket has been written.
    package func written(by id: ID) {
        state.withLock { state in
            guard let first = state.entries[id]?.waiting.popFirst() else { return }
            state.entries[id]?.bytes -= first.bytes
        }
    }

    private func makeRoom(
        for share: ByteBudget.Share, of count: Int, in state: inout State, noting delivery: inout Delivery
    ) {
        while !share.grow(to: count) {
            let holders = state.entries.filter { !$0.value.waiting.isEmpty }
            guard let slowest = holders.max(by: { $0.value.bytes < $1.value.bytes })?.key else { return }
            Self.evict(slowest, from: &state)
            delivery.evicted.append(slowest)
        }
    }

    private static func evict(_ id: ID, from state: inout State) {
        var entry = Entry()
        entry.isClosed = true
        state.entries[id] = entry
    }
}
