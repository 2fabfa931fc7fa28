import Foundation
import Glibc
import Synchronization

/// A Unix socket between one manager and the engine. It passes everything on, and writes down which calls the manager
/// made.
final class EngineRecorder: Sendable {
    struct Call: Sendable {
        let method: String
        let path: String

        /// Whether it changes something. A command in a container is a probe.
        var isChange: Bool { method != "GET" && method != "HEAD" && !path.contains("/exec") }
    }

    private static let chunkBytes = 65_536
    private static let waitingMax: Int32 = 64
    /// Longest line that is read; no request line is as long.
    private static let lineBytesMax = 8_192

    let socketPath: String
    private let listener: Int32
    private let recorded = Mutex<[Call]>([])
    private let gate = NSCondition()
    private let limit = Mutex<Int?>(nil)
    private let queue = DispatchQueue(label: "engine recorder", attributes: .concurrent)

    /// Listens on `socketPath`, which is short.
    init(_ socketPath: String) throws {
        self.socketPath = socketPath
        listener = try Self.open(socketPath) { bind($0, $1, $2) }
        guard listen(listener, Self.waitingMax) == 0 else { throw Trouble("\(socketPath): errno \(errno)") }
        queue.async { self.accept() }
    }

    /// Ends it; connections that are open end with their manager.
    func close() {
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
        unlink(socketPath)
    }

    /// Calls that changed something, in the order of their arrival.
    var changes: [Call] { recorded.withLock { $0.filter(\.isChange) } }

    /// Keeps back what comes once so many changes have been asked for, the last of them included.
    func hold(atChange count: Int) { limit.withLock { $0 = count } }

    /// Passes everything on again.
    func release() {
        limit.withLock { $0 = nil }
        gate.withLock { gate.broadcast() }
    }

    private var isHeld: Bool { limit.withLock { $0 }.map { changes.count >= $0 } ?? false }

    private static func open(
        _ path: String, _ attach: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        // Children must not inherit it.
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Trouble("no socket: errno \(errno)") }
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { place in
            place.copyBytes(from: Array(path.utf8).prefix(place.count - 1))
        }
        let isAttached = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                attach(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isAttached else {
            let reason = errno
            Glibc.close(descriptor)
            throw Trouble("\(path): errno \(reason)")
        }
        return descriptor
    }

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            // Children must not inherit it.
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            guard let engine = try? Self.open(Engine.socket, { connect($0, $1, $2) }) else {
                Glibc.close(client)
                continue
            }
            let ends = DispatchGroup()
            queue.async(group: ends) { self.pump(from: client, to: engine, records: true) }
            queue.async(group: ends) { self.pump(from: engine, to: client, records: false) }
            ends.notify(queue: queue) {
                Glibc.close(client)
                Glibc.close(engine)
            }
        }
    }

    private func pump(from source: Int32, to target: Int32, records: Bool) {
        var chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        var line: [UInt8] = []
        while true {
            let count = read(source, &chunk, chunk.count)
            guard count > 0 else { break }
            if records {
                record(chunk[..<count], &line)
                gate.withLock { while isHeld { gate.wait() } }
            }
            var sent = 0
            while sent < count {
                let written = chunk[sent..<count].withUnsafeBytes {
                    send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard written > 0 else { break }
                sent += written
            }
            guard sent == count else { break }
        }
        // The other direction may have more to say: only this one is over.
        shutdown(target, Int32(SHUT_WR))
    }

    /// Finds request lines: bodies are JSON on one line, or tar archives, and hold none.
    private func record(_ bytes: ArraySlice<UInt8>, _ line: inout [UInt8]) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                note(line)
                line = []
            } else if line.count < Self.lineBytesMax {
                line.append(byte)
            }
        }
    }

    private func note(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self)
        guard let match = text.firstMatch(of: /(GET|HEAD|POST|PUT|DELETE) (\/\S*) HTTP\/1\.1\r?$/) else { return }
        recorded.withLock { $0.append(Call(method: String(match.1), path: String(match.2))) }
    }
}
