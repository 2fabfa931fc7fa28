import AsyncAlgorithms
import HTTPBounds
package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// Writes a streamed body: events as they come, signs of life between them, and one last event that says why it ends.
package struct StreamWriter: Sendable {
    package let limits: ServerLimits
    package let logger: Logger
    /// Held for as long as the stream is.
    package let place: StreamPlaces.Place
    /// Whether the one who asked may still read this.
    package let isAllowed: @Sendable () async -> Bool

    package func write(_ body: StreamedBody, to writer: inout any ResponseBodyWriter) async throws {
        let ticks = AsyncTimerSequence(interval: limits.streamKeepAlive, clock: .continuous)
        let signals = merge(StreamSignals(source: body.events), ticks.map { _ in StreamSignal.tick })
        let end = try await write(signals.cancelOnGracefulShutdown(), to: &writer)
        try await writer.write(ByteBuffer(string: end.event.text))
        try await writer.finish(nil)
    }

    private func write<Signals: AsyncSequence & Sendable>(
        _ signals: Signals, to writer: inout any ResponseBodyWriter
    ) async throws -> StreamEnd where Signals.Element == StreamSignal {
        let end = ContinuousClock.now + limits.streamDuration
        var isSilent = false
        for try await signal in signals {
            switch signal {
            case .events(let events):
                try await writer.write(slicesOf: ByteBuffer(string: events.map(\.text).joined()))
                isSilent = false
            case .tick:
                guard await isAllowed() else { return .refused }
                if isSilent { try await writer.write(ByteBuffer(string: ServerSentEvent.keepAlive)) }
                isSilent = true
            case .ended: return .finished
            case .failed(let error):
                // Of an unknown error the type alone: what it prints may hold a secret.
                let reason = (error as? any StreamFailure)?.description ?? "\(type(of: error))"
                logger.warning("a stream ended with an error", metadata: ["error": "\(reason)"])
                return .failed
            }
            if ContinuousClock.now >= end { return .expired }
        }
        return .stopping
    }
}

/// The wait of a stream's writer.
package enum StreamSignal: Sendable {
    case events([ServerSentEvent])
    case failed(any Error)
    case ended
    case tick
}

/// The batches of a source, and its end as an element: sequences that are merged end together.
package struct StreamSignals: AsyncSequence, Sendable {
    package let source: AsyncThrowingStream<[ServerSentEvent], any Error>

    package func makeAsyncIterator() -> Iterator { Iterator(base: source.makeAsyncIterator()) }

    package struct Iterator: AsyncIteratorProtocol {
        package var base: AsyncThrowingStream<[ServerSentEvent], any Error>.AsyncIterator
        private var hasEnded = false

        package init(base: AsyncThrowingStream<[ServerSentEvent], any Error>.AsyncIterator) { self.base = base }

        package mutating func next(isolation actor: isolated (any Actor)? = #isolation) async -> StreamSignal? {
            guard !hasEnded else { return nil }
            do {
                if let events = try await base.next(isolation: actor) { return .events(events) }
                hasEnded = true
                return .ended
            } catch {
                hasEnded = true
                return .failed(error)
            }
        }
    }
}
