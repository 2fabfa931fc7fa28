import DataPlaneCore
import HTTPBounds
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// The body of a request that is worked on while it comes in. Belongs to the task that answers the request.
final class BodyPieces {
    private var iterator: RequestBody.AsyncIterator
    private let declared: Int?
    private let channel: any Channel
    private let connections: ConnectionRegistry
    private let progress: BodyProgress
    private var count = 0
    /// Whether its end was reached.
    private(set) var isFinished = false

    init(
        of request: Request, declared: Int?, on channel: any Channel, connections: ConnectionRegistry,
        progress: BodyProgress
    ) {
        iterator = request.body.makeAsyncIterator()
        self.declared = declared
        self.channel = channel
        self.connections = connections
        self.progress = progress
        isFinished = declared == 0
    }

    /// The next piece; nil at the end. A connection that ends before the body does is an error, not an end.
    func next() async throws(BodyInterruption) -> [UInt8]? {
        guard !isFinished else { return nil }
        progress.wait()
        connections.beginPieces(on: channel)
        defer {
            connections.endPieces(on: channel)
            progress.take()
        }
        let piece: ByteBuffer?
        do { piece = try await iterator.next() } catch { throw progress.isTooSlow ? .tooSlow : .aborted }
        guard let piece else {
            if progress.isTooSlow { throw .tooSlow }
            guard !Task.isCancelled, declared.map({ $0 == count }) ?? channel.isActive else { throw .aborted }
            isFinished = true
            return nil
        }
        count += piece.readableBytes
        progress.count(piece.readableBytes)
        connections.takePiece(of: piece.readableBytes, on: channel)
        return Array(piece.readableBytesView)
    }

    /// Throws the rest away, so that a client which sends first and reads afterwards gets its answer.
    func discard(bytesMax: Int) async {
        var discarded = 0
        do throws(BodyInterruption) {
            while discarded <= bytesMax, let piece = try await next() { discarded += piece.count }
        } catch { return }
    }
}

/// Whether a body comes in fast enough.
///
/// What counts is the time in which the server waits for the client, not that in which it works.
final class BodyProgress: Sendable {
    private struct State {
        var waitingSince: ContinuousClock.Instant?
        /// Time waited for all pieces before.
        var waited: Duration = .zero
        var bytes = 0
        var isTooSlow = false
    }

    /// How often it is looked at.
    private static let interval: Duration = .seconds(1)

    private let limits: HTTPLimits
    private let state = Mutex(State())

    init(limits: HTTPLimits) { self.limits = limits }

    var isTooSlow: Bool { state.withLock { $0.isTooSlow } }

    func wait() { state.withLock { $0.waitingSince = .now } }

    func count(_ bytes: Int) { state.withLock { $0.bytes += bytes } }

    func take() {
        state.withLock { state in
            if let since = state.waitingSince { state.waited += .now - since }
            state.waitingSince = nil
        }
    }

    /// Returns when the body is too slow, or the task is cancelled.
    func stalled() async {
        while !isStalled() {
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    private func isStalled() -> Bool {
        state.withLock { state in
            guard let since = state.waitingSince else { return false }
            let idle = ContinuousClock.now - since
            let earned = Duration.seconds(state.bytes / max(1, limits.bodyBytesPerSecondMin))
            state.isTooSlow = idle > limits.pieceDeadline || state.waited + idle > limits.bodyDeadline + earned
            return state.isTooSlow
        }
    }
}

extension APIResponder {
    /// Answers while the body comes in. Whether the connection ends with the answer.
    func respondInPieces(
        to head: ServiceRequest, _ request: Request, on channel: any Channel
    ) async -> (answer: ServiceResponse, closes: Bool) {
        guard let watch = watches.watch(of: channel) else { return (ServiceResponse(status: 499), true) }
        let progress = BodyProgress(limits: limits)
        let declared = request.headers[.contentLength].flatMap { Int($0) }
        return await withTaskGroup(of: (answer: ServiceResponse, closes: Bool)?.self) { group in
            group.addTask {
                let pieces = BodyPieces(
                    of: request, declared: declared, on: channel, connections: connections, progress: progress)
                let answer = await service.respond(
                    to: head, body: ServiceBody { () async throws(BodyInterruption) in try await pieces.next() })
                await pieces.discard(bytesMax: limits.discardedBytesMax)
                return (answer, !pieces.isFinished)
            }
            group.addTask {
                await watch.closed()
                return nil
            }
            group.addTask {
                await progress.stalled()
                return nil
            }
            // Who answers is waited for in any case: it puts away what it has begun.
            while let ended = await group.next() {
                group.cancelAll()
                if let ended { return ended }
            }
            return (ServiceResponse(status: 499), true)
        }
    }

    /// A body that is read while it is sent, in pieces that a client has to take in one by one.
    static func body(
        of content: ServiceContent, on channel: any Channel, onEnd: @escaping @Sendable () -> Void
    ) -> ResponseBody {
        ResponseBody(contentLength: content.length) { writer in
            var offset = 0
            while offset < content.length {
                let piece = try await content.read(offset, min(HTTPLimits.contentPieceBytes, content.length - offset))
                guard !piece.isEmpty else { throw ContentProblem() }
                try await writer.write(ByteBuffer(bytes: piece))
                try await channel.takesMore()
                offset += piece.count
            }
            try await writer.finish(nil)
            onEnd()
        }
    }
}

/// The body of an answer is shorter than was promised: its connection ends.
private struct ContentProblem: Error {}
