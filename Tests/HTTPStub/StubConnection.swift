import Foundation
import Glibc

/// One connection of a stub, served by a thread of its own.
struct StubConnection {
    let socket: Int32
    let server: StubServer
    let answer: @Sendable (StubRequest) -> [StubStep]

    func serve() {
        defer { close(socket) }
        var input: [UInt8] = []
        var position = 0
        while let request = readRequest(&input, position: position) {
            server.update { $0.requests.append(request) }
            for step in answer(request) where !perform(step) { return }
            position += 1
        }
    }

    /// Returns false when the connection is over.
    private func perform(_ step: StubStep) -> Bool {
        switch step {
        case .send(let bytes): return send(bytes)
        case .fill(let count):
            let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 16 * 1024)
            var left = count
            while left > 0 {
                guard send(Array(piece.prefix(left))) else { return false }
                left -= piece.count
            }
            return true
        case .pause(let milliseconds):
            usleep(milliseconds * 1000)
            return true
        case .wait(let gate):
            while !gate.isOpen {
                if server.update({ $0.isStopping }) || peerHasGone() { return false }
            }
            return true
        case .hang:
            while !server.update({ $0.isStopping }), !peerHasGone() {}
            return false
        case .close: return false
        }
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            var descriptor = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&descriptor, 1, StubServer.pollMilliseconds)
            if server.update({ $0.isStopping }) { return false }
            if ready == 0 { continue }
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            if count < 0, errno == EAGAIN { continue }
            guard count > 0 else {
                server.update { $0.closedByPeer += 1 }
                return false
            }
            server.update { $0.sentBytes += count }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Waits a moment for the other side to close.
    private func peerHasGone() -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, StubServer.pollMilliseconds) > 0 else { return false }
        var byte: UInt8 = 0
        guard recv(socket, &byte, 1, Int32(MSG_PEEK)) <= 0 else {
            usleep(UInt32(StubServer.pollMilliseconds) * 1000)
            return false
        }
        server.update { $0.closedByPeer += 1 }
        return true
    }

    /// Reads more input; false at the end of the connection.
    private func readMore(_ input: inout [UInt8]) -> Bool {
        while true {
            var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            let ready = poll(&descriptor, 1, StubServer.pollMilliseconds)
            if server.update({ $0.isStopping }) { return false }
            if ready <= 0 { continue }
            var buffer = [UInt8](repeating: 0, count: 64 * 1024)
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else {
                server.update { $0.closedByPeer += 1 }
                return false
            }
            input += buffer.prefix(count)
            return true
        }
    }

    private func readRequest(_ input: inout [UInt8], position: Int) -> StubRequest? {
        let endOfHead = Array("\r\n\r\n".utf8)
        var end = input.firstRange(of: endOfHead)
        while end == nil {
            guard readMore(&input) else { return nil }
            end = input.firstRange(of: endOfHead)
        }
        guard let end else { return nil }
        let lines = String(decoding: input[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let start = lines[0].split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2 else { return nil }
            headers[halves[0].lowercased()] = halves[1].trimmingCharacters(in: .whitespaces)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        input.removeSubrange(..<end.upperBound)
        while input.count < length {
            guard readMore(&input) else { return nil }
        }
        let body = Array(input.prefix(length))
        input.removeFirst(length)
        guard start.count == 3 else { return nil }
        return StubRequest(
            method: String(start[0]), target: String(start[1]), headers: headers, body: body,
            positionOnConnection: position)
    }
}

/// A flag that is raised once.
///
/// `@unchecked Sendable`: the value is behind the lock.
final class OpenFlag: @unchecked Sendable {
    private let lock = NSLock()
    private var value = false

    func raise() {
        lock.lock()
        value = true
        lock.unlock()
    }

    var isRaised: Bool {
        lock.lock()
        defer { lock.unlock() }
        return value
    }
}
