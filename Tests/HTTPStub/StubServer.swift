import Foundation
import Glibc

/// A small HTTP/1.1 server for tests: records every request and answers with scripted bytes.
///
/// It speaks plain POSIX sockets, so that a test can send what no real server would: half a header, a broken chunk,
/// nothing at all.
///
/// `@unchecked Sendable`: all state is behind `lock`; the descriptors are closed only by the thread that uses them.
public final class StubServer: @unchecked Sendable {
    /// Where a stub listens.
    public enum Transport: Sendable {
        /// On a Unix socket in a folder of its own.
        case unixSocket
        /// On 127.0.0.1, at a port that the system chooses.
        case loopback
    }

    /// Why a stub could not be set up.
    public struct SetupError: Error {
        let call: String
        let number: Int32
    }

    struct State {
        var requests: [StubRequest] = []
        var connections = 0
        var closedByPeer = 0
        var sentBytes = 0
        var isStopping = false
    }

    /// How long a thread waits for its socket before it checks whether the stub is stopping.
    static let pollMilliseconds: Int32 = 20
    /// How long `eventually` waits before it gives up.
    private static let patience = Duration.seconds(20)

    /// The socket's path; empty on TCP.
    public let socketPath: String
    /// The TCP port; 0 on a Unix socket.
    public let port: Int
    private let folder: String?
    private let listener: Int32
    private let lock = NSLock()
    private var state = State()
    private let answer: @Sendable (StubRequest) -> [StubStep]

    /// Starts listening; `answer` says what to do with each request, on a thread of the connection's own.
    public init(
        _ transport: Transport = .unixSocket, answer: @escaping @Sendable (StubRequest) -> [StubStep]
    ) throws {
        self.answer = answer
        switch transport {
        case .unixSocket:
            let folder = try Self.makeFolder()
            self.folder = folder
            socketPath = folder + "/s"
            port = 0
            listener = try Self.listen(unixPath: socketPath)
        case .loopback:
            folder = nil
            socketPath = ""
            (listener, port) = try Self.listenOnLoopback()
        }
        Thread.detachNewThread { [self] in acceptConnections() }
    }

    /// Lets all threads end and removes the socket. The stub lives until this is called.
    public func stop() {
        update { $0.isStopping = true }
        if let folder {
            unlink(socketPath)
            rmdir(folder)
        }
    }

    /// What has come so far.
    public var requests: [StubRequest] { update { $0.requests } }
    /// Connections that were made.
    public var connections: Int { update { $0.connections } }
    /// Connections that the other side closed.
    public var closedByPeer: Int { update { $0.closedByPeer } }
    /// Bytes that went out.
    public var sentBytes: Int { update { $0.sentBytes } }

    /// Waits until the condition holds; false if it does not come to hold.
    public func eventually(_ condition: @Sendable (StubServer) -> Bool) async -> Bool {
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end {
            if condition(self) { return true }
            // A cancelled test has no patience left.
            do { try await Task.sleep(for: .milliseconds(5)) } catch { break }
        }
        return condition(self)
    }

    @discardableResult
    func update<Result>(_ body: (inout State) -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return body(&state)
    }

    private func acceptConnections() {
        defer { close(listener) }
        while !update({ $0.isStopping }) {
            var descriptor = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, Self.pollMilliseconds) > 0 else { continue }
            let socket = accept(listener, nil, nil)
            guard socket >= 0 else { continue }
            update { $0.connections += 1 }
            Thread.detachNewThread { [self] in
                StubConnection(socket: socket, server: self, answer: answer).serve()
            }
        }
    }
}

// Sockets.
extension StubServer {
    private static func makeFolder() throws -> String {
        var template = Array("/tmp/http-stub-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SetupError(call: "mkdtemp", number: errno) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Makes a Unix socket at a path; also for tests that need one without a stub behind it.
    public static func bind(unixPath: String) throws -> Int32 {
        let socket = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw SetupError(call: "socket", number: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(unixPath.utf8).prefix(107)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SetupError(call: "bind", number: errno) }
        return socket
    }

    private static func listen(unixPath: String) throws -> Int32 {
        let socket = try bind(unixPath: unixPath)
        guard Glibc.listen(socket, 128) == 0 else { throw SetupError(call: "listen", number: errno) }
        return socket
    }

    static func listenOnLoopback() throws -> (Int32, Int) {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw SetupError(call: "socket", number: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Glibc.bind(socket, pointer, length) == 0 && Glibc.listen(socket, 128) == 0
                    && getsockname(socket, pointer, &length) == 0
            }
        }
        guard result else { throw SetupError(call: "bind", number: errno) }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }
}
