import HTTPBounds
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// The body of a request that its handler works on while it comes in, so that its size needs no memory.
package final class StreamedRequest: Sendable {
    /// Works on a piece. The client waits meanwhile.
    package typealias Taker = @Sendable ([UInt8]) async throws -> Void

    private struct Progress {
        var waitingSince: ContinuousClock.Instant?
        var hasBegun = false
        var isStalled = false
        var isFinished = false
    }

    private let body: RequestBody
    private let declared: Int?
    private let channel: any Channel
    private let connections: ConnectionRegistry
    private let limits: ServerLimits
    private let recheck: @Sendable (Duration) async throws -> Void
    private let began = ContinuousClock.now
    private let progress = Mutex(Progress())

    /// - Parameter confirm: throws where the one who began to send may not finish any more, after so long a time.
    init(
        of request: Request, on channel: any Channel, connections: ConnectionRegistry, limits: ServerLimits,
        confirm: @escaping @Sendable (Duration) async throws -> Void
    ) {
        body = request.body
        recheck = confirm
        declared = request.headers[.contentLength].flatMap { Int($0) }
        self.channel = channel
        self.connections = connections
        self.limits = limits
    }

    /// Whether all of it was read.
    var isFinished: Bool { progress.withLock { $0.isFinished } }

    /// Hands over each piece, to the end of the body. Once, for the body is not kept. After an error of `take` the rest
    /// is read and thrown away, so that a client which sends first and reads afterwards gets the answer.
    ///
    /// - Throws: what `take` throws; ``APIError`` for a body that is too large, stops coming, or ends too early.
    package func forEach(_ take: @escaping Taker) async throws {
        progress.withLock { $0.hasBegun = true }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await self.read(take)
                return true
            }
            group.addTask { try await self.watch() }
            defer { group.cancelAll() }
            do {
                _ = try await group.next()
            } catch  where progress.withLock({ $0.isStalled }) {
                throw APIError.bodyTooSlow(limits.pieceDeadline)
            }
        }
    }

    /// Makes sure that the one who sent the body may still do what it asks for. The end of the body is one such moment;
    /// a handler that works on afterwards asks again before what cannot be taken back.
    ///
    /// - Throws: ``APIError`` where the credential or the right is gone.
    package func confirm() async throws { try await recheck(ContinuousClock.now - began) }

    /// Reads what is left, where the handler has not begun to.
    func discard() async {
        guard !progress.withLock({ $0.hasBegun }) else { return }
        // What cannot be read any more ends with the connection.
        try? await forEach { _ in }
    }

    private func read(_ take: Taker) async throws {
        var count = 0
        var failure: (any Error)?
        wait()
        for try await piece in body {
            work()
            count += piece.readableBytes
            guard count <= limits.streamedBodyBytesMax else {
                throw APIError.bodyTooLarge(limits.streamedBodyBytesMax)
            }
            connections.takePiece(of: piece.readableBytes, on: channel)
            if failure == nil {
                do { try await take(Array(piece.readableBytesView)) } catch { failure = error }
            }
            wait()
        }
        work()
        guard !Task.isCancelled, declared.map({ $0 == count }) ?? channel.isActive else {
            throw APIError(.badRequest, "the request body ended early")
        }
        progress.withLock { $0.isFinished = true }
        if let failure { throw failure }
        try await confirm()
    }

    private func wait() {
        progress.withLock { $0.waitingSince = .now }
        connections.beginPieces(on: channel)
    }

    private func work() {
        progress.withLock { $0.waitingSince = nil }
        connections.endPieces(on: channel)
    }

    /// Throws when nothing has come for too long; the time in which the server works does not count.
    private func watch() async throws -> Bool {
        while true {
            try await Task.sleep(for: Self.interval)
            let isStalled = progress.withLock { progress in
                guard let since = progress.waitingSince else { return false }
                progress.isStalled = ContinuousClock.now - since > limits.pieceDeadline
                return progress.isStalled
            }
            if isStalled { throw APIError.bodyTooSlow(limits.pieceDeadline) }
        }
    }

    /// How often it is looked at.
    private static let interval: Duration = .seconds(1)
}
