import DataPlaneCore
import HTTPBounds
import HTTPTypes
import HummingbirdCore
import NIOCore
import ServiceLifecycle
import Synchronization

/// Requests that are worked on while their answers are sent. Each is of a connection of its own, so connections bound
/// them.
struct StreamedRequests: ServiceLifecycle.Service {
    typealias Work = @Sendable () async -> Void

    private let works: AsyncStream<Work>
    private let continuation: AsyncStream<Work>.Continuation

    init() { (works, continuation) = AsyncStream.makeStream() }

    func begin(_ work: @escaping Work) { continuation.yield(work) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for await work in works { group.addTask { await work() } }
            }
        }
    }
}

extension APIResponder {
    /// What the one that sends the answer has to know of the request.
    private final class RequestEnd: Sendable {
        private let isWhole = Mutex(false)
        private let ends: AsyncStream<Void>
        private let continuation: AsyncStream<Void>.Continuation

        init() { (ends, continuation) = AsyncStream.makeStream() }

        func note(isWhole: Bool) { self.isWhole.withLock { $0 = isWhole } }

        /// Nobody reads the request any more.
        func settle() { continuation.finish() }

        /// Whether all of the request came, once nobody reads it any more.
        func wasWhole() async -> Bool {
            for await _ in ends {}
            return isWhole.withLock { $0 }
        }
    }

    /// Answers while the request's body comes in and the answer is made.
    func respondByStream(
        to head: ServiceRequest, _ request: Request, on channel: any Channel
    ) async -> Response {
        // Without one the connection has ended already, and nothing would tell the work so.
        guard let watch = watches.watch(of: channel) else { return Self.abandoned(channel) }
        let answer = AnswerStream()
        let end = RequestEnd()
        streamed.begin { [self] in
            await work(on: request, head: head, for: channel, watch: watch, answer: answer, end: end)
        }
        guard let made = await answer.head() else {
            answer.abandon()
            return Self.abandoned(channel)
        }
        return Self.response(made, streaming: answer, on: channel) { [connections] in
            answer.abandon()
            if await end.wasWhole() {
                connections.endRequest(on: channel)
            } else {
                channel.close(mode: .all, promise: nil)
            }
        }
    }

    /// What is left for a client that has gone.
    private static func abandoned(_ channel: any Channel) -> Response {
        response(ServiceResponse(status: 499), isHead: false, closes: true, on: channel) {
            channel.close(mode: .all, promise: nil)
        }
    }

    private func work(
        on request: Request, head: ServiceRequest, for channel: any Channel, watch: ConnectionWatch,
        answer: AnswerStream, end: RequestEnd
    ) async {
        let progress = BodyProgress(limits: limits)
        let declared =
            request.headers[.contentLength].flatMap { Int($0) }
            ?? (request.headers[.transferEncoding] == nil ? 0 : nil)
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let pieces = BodyPieces(
                    of: request, declared: declared, on: channel, connections: connections, progress: progress)
                await service.respond(
                    to: head, body: ServiceBody { () async throws(BodyInterruption) in try await pieces.next() },
                    by: answer)
                await pieces.discard(bytesMax: limits.discardedBytesMax)
                end.note(isWhole: pieces.isFinished)
            }
            group.addTask { await watch.closed() }
            group.addTask { await progress.stalled() }
            // Who answers is waited for in any case: it puts away what it has begun.
            await group.next()
            group.cancelAll()
        }
        answer.fail()
        end.settle()
    }

    /// - Parameter onEnd: called once the last byte is on its way.
    private static func response(
        _ head: ServiceResponse, streaming answer: AnswerStream, on channel: any Channel,
        onEnd: @escaping @Sendable () async -> Void
    ) -> Response {
        var fields = HTTPFields()
        for (name, value) in head.headers where name.lowercased() != "content-length" {
            guard let name = HTTPField.Name(name) else { continue }
            fields.append(HTTPField(name: name, value: value))
        }
        if fields[.xContentTypeOptions] == nil { fields[.xContentTypeOptions] = "nosniff" }
        let status = HTTPResponse.Status(code: head.status)
        let hasBody = status != .noContent && status != .notModified
        let declared = head.headers.first { $0.name.lowercased() == "content-length" }.flatMap { Int($0.value) }
        let length = hasBody ? (head.body.isEmpty ? declared : head.body.count) : nil
        return Response(
            status: status, headers: fields,
            body: ResponseBody(contentLength: length) { writer in
                if hasBody, !head.body.isEmpty { try await writer.write(ByteBuffer(bytes: head.body)) }
                while let piece = try await answer.next() {
                    guard hasBody else { continue }
                    try await writer.write(ByteBuffer(bytes: piece))
                    try await channel.takesMore()
                }
                try await writer.finish(nil)
                await onEnd()
            })
    }
}
