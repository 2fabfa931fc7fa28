import NIOCore
import NIOPosix
import Synchronization

/// A server on 127.0.0.1 that follows a script and keeps what it was sent.
final class StubServer: Sendable {
    let port: UInt16
    private let log: StubLog

    private init(port: UInt16, log: StubLog) {
        self.port = port
        self.log = log
    }

    /// Bytes of all connections so far.
    var received: [UInt8] { log.received.withLock { $0 } }
    /// Whether a write failed since the client had reset the connection.
    var wasReset: Bool { log.wasReset.withLock { $0 } }
    var receivedText: String { String(decoding: received, as: UTF8.self) }

    /// Waits until that many connections have been accepted, and closed, in the whole life of the stub.
    func accepted(_ count: Int) async { for await total in log.accepted where total >= count { return } }
    func closed(_ count: Int) async { for await total in log.closed where total >= count { return } }

    /// Runs `body` beside a stub.
    static func with<Result>(
        _ script: StubScript, _ body: (StubServer) async throws -> Result
    ) async throws -> Result {
        let log = StubLog()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1_024)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(StubHandler(script, log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Swift.Result<Result, any Error>
        do {
            let port = UInt16(channel.localAddress?.port ?? 0)
            result = .success(try await body(StubServer(port: port, log: log)))
        } catch {
            result = .failure(error)
        }
        try await channel.close().get()
        // Those that clients have left open; one may have closed in the meantime, which is as good.
        for connection in log.open.withLock({ Array($0.values) }) { try? await connection.close().get() }
        return try result.get()
    }
}

/// What has happened to a stub.
final class StubLog: Sendable {
    let received = Mutex<[UInt8]>([])
    let wasReset = Mutex(false)
    let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    let accepted: AsyncStream<Int>
    let closed: AsyncStream<Int>
    private let acceptedFeed: AsyncStream<Int>.Continuation
    private let closedFeed: AsyncStream<Int>.Continuation
    private let totals = Mutex((accepted: 0, closed: 0))

    init() {
        (accepted, acceptedFeed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (closed, closedFeed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func countAccepted(_ channel: any Channel) {
        open.withLock { $0[ObjectIdentifier(channel)] = channel }
        totals.withLock {
            $0.accepted += 1
            acceptedFeed.yield($0.accepted)
        }
    }

    func countClosed(_ channel: any Channel) {
        open.withLock { $0[ObjectIdentifier(channel)] = nil }
        totals.withLock {
            $0.closed += 1
            closedFeed.yield($0.closed)
        }
    }
}
