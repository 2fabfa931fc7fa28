import Hummingbird
import NIOCore

/// How the body of a request came in.
enum ReceivedBody: Sendable {
    /// All of it.
    case complete(ByteBuffer)
    /// More than is accepted; `isFinished` tells whether its end was reached nevertheless.
    case tooLarge(isFinished: Bool)
    /// Its end did not come in time.
    case tooSlow

    /// Whether the next thing on the connection is another request.
    var isFinished: Bool {
        switch self {
        case .complete: true
        case .tooLarge(let isFinished): isFinished
        case .tooSlow: false
        }
    }

    /// Reads a body: up to `keptMax` bytes are kept, up to `discardedMax` read in all, so that a client which sends
    /// first and reads afterwards gets its answer.
    static func receive(
        _ body: RequestBody, keeping keptMax: Int, discarding discardedMax: Int, within deadline: Duration
    ) async throws -> ReceivedBody {
        try await withDeadline(deadline) {
            var kept = ByteBuffer()
            var count = 0
            for try await var chunk in body {
                count += chunk.readableBytes
                if count <= keptMax {
                    kept.writeBuffer(&chunk)
                } else {
                    kept = ByteBuffer()
                    if count > max(keptMax, discardedMax) { return .tooLarge(isFinished: false) }
                }
            }
            return count <= keptMax ? .complete(kept) : .tooLarge(isFinished: true)
        } ?? .tooSlow
    }
}
