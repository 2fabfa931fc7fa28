package import HummingbirdCore
package import NIOCore

/// How the body of a request came in.
package enum ReceivedBody: Sendable {
    /// All of it.
    case complete(ByteBuffer)
    /// More than is accepted; `isFinished`: its end was reached nevertheless.
    case tooLarge(isFinished: Bool)
    /// More than is left for it while others are in hand.
    case overBudget(isFinished: Bool)
    /// Its end did not come in time.
    case tooSlow

    /// Whether the next thing on the connection is another request.
    package var isFinished: Bool {
        switch self {
        case .complete: true
        case .tooLarge(let isFinished), .overBudget(let isFinished): isFinished
        case .tooSlow: false
        }
    }

    /// Reads a body: up to `keptMax` bytes are kept while `share` has room for them, up to `discardedMax` read in all,
    /// so that a client which sends first and reads afterwards gets its answer.
    ///
    /// - Parameter onBytes: called with the number of bytes of each piece that comes.
    package static func receive(
        _ body: RequestBody, keeping keptMax: Int, of share: ByteBudget.Share? = nil, discarding discardedMax: Int,
        within deadline: Duration, onBytes: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> ReceivedBody {
        try await withDeadline(deadline) {
            var kept = ByteBuffer()
            var count = 0
            var refusal: ((Bool) -> ReceivedBody)?
            for try await var chunk in body {
                count += chunk.readableBytes
                onBytes(chunk.readableBytes)
                if refusal == nil {
                    let isTooLarge = count > keptMax
                    if !isTooLarge, share?.grow(to: count) ?? true {
                        kept.writeBuffer(&chunk)
                        continue
                    }
                    refusal = isTooLarge ? { .tooLarge(isFinished: $0) } : { .overBudget(isFinished: $0) }
                    kept = ByteBuffer()
                    share?.release()
                }
                if let refusal, count > max(keptMax, discardedMax) { return refusal(false) }
            }
            return refusal.map { $0(true) } ?? .complete(kept)
        } ?? .tooSlow
    }
}
