import DataPlaneCore
import FunctionsAPI
import NIOCore
import NIOHTTP1
import NIOPosix

/// Sends requests to other servers by HTTP/1.1, one connection each, with bodies streamed both ways.
struct UpstreamClient: Sendable {
    /// Where a server is.
    enum Address: Sendable {
        case socket(String)
        case host(String, port: Int)
    }

    /// Longest wait for a connection.
    private static let connectTimeout: TimeAmount = .seconds(3)

    private let group = MultiThreadedEventLoopGroup.singleton

    /// Whether a server takes connections.
    func reaches(_ address: Address) async -> Bool {
        do {
            let channel = try await connect(address)
            channel.close(mode: .all, promise: nil)
            return true
        } catch { return false }
    }

    /// Sends the head of a request.
    func open(_ request: ServiceRequest, at address: Address) async throws(ExchangeFailure) -> any HTTPExchange {
        do {
            let channel = try await connect(address)
            // Taken now: once the other end has closed the connection, it has no handlers any more.
            let handler = try await channel.eventLoop.submit {
                NIOLoopBound(
                    try channel.pipeline.syncOperations.handler(type: UpstreamHandler.self),
                    eventLoop: channel.eventLoop)
            }.get()
            let exchange = UpstreamExchange(channel: channel, handler: handler)
            do { try await exchange.start(Self.head(of: request)) } catch {
                exchange.close()
                throw error
            }
            return exchange
        } catch { throw ExchangeFailure("\(error)") }
    }

    private func connect(_ address: Address) async throws -> any Channel {
        let bootstrap = ClientBootstrap(group: group).connectTimeout(Self.connectTimeout)
            .channelOption(.autoRead, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers(
                        leftOverBytesStrategy: .dropBytes, enableOutboundHeaderValidation: true)
                    try channel.pipeline.syncOperations.addHandler(UpstreamHandler())
                }
            }
        switch address {
        case .socket(let path): return try await bootstrap.connect(unixDomainSocketPath: path).get()
        case .host(let name, let port): return try await bootstrap.connect(host: name, port: port).get()
        }
    }

    /// The head as the other server gets it: one request of a connection that ends with it.
    private static func head(of request: ServiceRequest) -> HTTPRequestHead {
        var target = request.path
        if !request.query.isEmpty { target += "?" + request.query }
        var headers = HTTPHeaders()
        let isChunked = request.header("transfer-encoding") != nil
        for (name, value) in AnswerRules.passedOn(request.headers) where name != "content-length" {
            headers.add(name: name, value: value)
        }
        if let peer = request.peer, request.header("x-forwarded-for") == nil {
            headers.add(name: "x-forwarded-for", value: peer)
        }
        if let host = request.header("host"), request.header("x-forwarded-host") == nil {
            headers.add(name: "x-forwarded-host", value: host)
        }
        if isChunked {
            headers.add(name: "transfer-encoding", value: "chunked")
        } else {
            headers.add(name: "content-length", value: request.header("content-length") ?? "0")
        }
        headers.add(name: "connection", value: "close")
        return HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: target, headers: headers)
    }
}

/// One request on its connection.
final class UpstreamExchange: HTTPExchange {
    private let channel: any Channel
    private let handler: NIOLoopBound<UpstreamHandler>

    fileprivate init(channel: any Channel, handler: NIOLoopBound<UpstreamHandler>) {
        self.channel = channel
        self.handler = handler
    }

    func start(_ head: HTTPRequestHead) async throws(ExchangeFailure) {
        try await write { .head(head) }
    }

    func send(_ piece: [UInt8]) async throws(ExchangeFailure) {
        try await write { .body(.byteBuffer(ByteBuffer(bytes: piece))) }
    }

    func end() async throws(ExchangeFailure) { try await write { .end(nil) } }

    func head() async throws(ExchangeFailure) -> (status: Int, headers: [(name: String, value: String)]) {
        guard case .head(let status, let headers)? = try await part() else {
            throw ExchangeFailure("the server has closed the connection")
        }
        return (status, headers)
    }

    func next() async throws(ExchangeFailure) -> [UInt8]? {
        guard case .body(let bytes)? = try await part() else { return nil }
        return bytes
    }

    func close() { channel.close(mode: .all, promise: nil) }

    /// Returns when the other end has taken what is written, or most of it.
    private func write(
        _ make: @escaping @Sendable () -> HTTPClientRequestPart
    ) async throws(ExchangeFailure) {
        do {
            try await withTaskCancellationHandler {
                try await channel.eventLoop.flatSubmit { [channel] in channel.writeAndFlush(make()) }.get()
            } onCancel: {
                channel.close(mode: .all, promise: nil)
            }
        } catch { throw ExchangeFailure("\(error)") }
    }

    private func part() async throws(ExchangeFailure) -> UpstreamPart? {
        do {
            return try await withTaskCancellationHandler {
                try await channel.eventLoop.flatSubmit { [channel, handler] in
                    let promise = channel.eventLoop.makePromise(of: UpstreamPart?.self)
                    handler.value.next(promise)
                    return promise.futureResult
                }.get()
            } onCancel: {
                channel.close(mode: .all, promise: nil)
            }
        } catch { throw ExchangeFailure("\(error)") }
    }
}

/// A part of an answer.
enum UpstreamPart: Sendable {
    case head(status: Int, headers: [(name: String, value: String)])
    case body([UInt8])
}

/// Keeps what came of an answer until it is asked for, and reads no more before.
private final class UpstreamHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private var parts: [UpstreamPart] = []
    private var hasEnded = false
    private var failure: (any Error)?
    private var waiter: EventLoopPromise<UpstreamPart?>?
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        failure = failure ?? ChannelError.eof
        give()
    }

    /// The next part; nil at the answer's end.
    func next(_ promise: EventLoopPromise<UpstreamPart?>) {
        waiter = promise
        give()
        if waiter != nil { context?.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            // What comes before the answer itself says nothing to us.
            guard head.status.code >= 200 else { return }
            parts.append(
                .head(status: Int(head.status.code), headers: head.headers.map { (name: $0.name, value: $0.value) }))
        case .body(let buffer): parts.append(.body(Array(buffer.readableBytesView)))
        case .end: hasEnded = true
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        give()
        if waiter != nil { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = error
        give()
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        failure = failure ?? ChannelError.eof
        give()
    }

    private func give() {
        guard let promise = waiter else { return }
        if !parts.isEmpty {
            waiter = nil
            promise.succeed(parts.removeFirst())
        } else if hasEnded {
            waiter = nil
            promise.succeed(nil)
        } else if let failure {
            waiter = nil
            promise.fail(failure)
        }
    }
}
