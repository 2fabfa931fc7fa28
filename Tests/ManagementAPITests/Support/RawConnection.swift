import NIOCore
import NIOPosix

/// A TCP connection on which a test writes what no HTTP client would.
struct RawConnection: Sendable {
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Connects, runs `body` with the connection and everything that the server sends, and closes.
    static func run<Value: Sendable>(
        port: UInt16,
        _ body:
            @Sendable (RawConnection, inout NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator)
            async throws -> Value
    ) async throws -> Value {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var iterator = inbound.makeAsyncIterator()
            return try await body(RawConnection(outbound: outbound), &iterator)
        }
    }

    func write(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }
}

extension NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator {
    /// What the server sends until it closes the connection.
    mutating func rest() async throws -> String {
        var text = ""
        while let chunk = try await next() { text += String(buffer: chunk) }
        return text
    }

    /// What the server sends until `mark` has come.
    mutating func read(until mark: String) async throws -> String {
        var text = ""
        while !text.contains(mark), let chunk = try await next() { text += String(buffer: chunk) }
        return text
    }
}
