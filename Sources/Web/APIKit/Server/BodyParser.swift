import Dispatch
import HTTPTypes
package import NIOCore
import Synchronization

/// Reads the JSON of request bodies. Short ones are read where the request is handled; long ones on a few threads of
/// their own, because the threads of the cooperative pool also run the manager's loops and its lease.
package final class BodyParser: Sendable {
    /// Bodies up to this size, in bytes, are read at once: that takes well under a millisecond.
    package static let inlineBytesMax = 16 << 10
    /// Long bodies read at the same time.
    package static let runningMax = 2
    /// Long bodies that wait for their turn. What comes after them is refused at once.
    package static let waitingMax = 64

    private let lanes: [DispatchQueue]
    /// Bodies in hand by lane: the one that is read, and those that wait behind it.
    private let inHand: Mutex<[Int]>

    package init() {
        lanes = (0..<Self.runningMax).map { DispatchQueue(label: "supamanager.bodies.\($0)") }
        inHand = Mutex(Array(repeating: 0, count: Self.runningMax))
    }

    /// Reads a body within limits; 400, 413 or, when too many wait already, 503.
    package func parse(_ body: ByteBuffer, limits: JSONLimits) async -> Result<JSON, APIError> {
        guard body.readableBytes > Self.inlineBytesMax else { return Self.read(body, limits) }
        guard let lane = takeLane() else {
            return .failure(.unavailable("too many large requests at once"))
        }
        return await withCheckedContinuation { continuation in
            lanes[lane].async {
                let result = Self.read(body, limits)
                self.inHand.withLock { $0[lane] -= 1 }
                continuation.resume(returning: result)
            }
        }
    }

    private func takeLane() -> Int? {
        inHand.withLock { counts in
            guard counts.reduce(0, +) < Self.runningMax + Self.waitingMax,
                let lane = counts.indices.min(by: { counts[$0] < counts[$1] })
            else { return nil }
            counts[lane] += 1
            return lane
        }
    }

    /// Reads a body on the calling thread.
    package static func read(_ body: ByteBuffer, _ limits: JSONLimits) -> Result<JSON, APIError> {
        guard body.readableBytes > 0 else {
            return .failure(APIError(.badRequest, "the request body is empty: JSON is expected"))
        }
        do throws(JSONReadError) {
            return .success(try JSONReader.read(Array(body.readableBytesView), limits: limits))
        } catch {
            return .failure(APIError(error))
        }
    }
}

extension APIError {
    /// 400 for a body that is no JSON, 413 for one that is more than the limits allow.
    package init(_ error: JSONReadError) {
        let message = "the request body cannot be taken: \(error)"
        switch error {
        case .malformed, .numberTooLarge, .duplicateName: self.init(.badRequest, message)
        case .tooDeep, .numberTooLong: self.init(.badRequest, message)
        case .tooLarge, .tooManyElements, .stringTooLong: self.init(.contentTooLarge, message)
        }
    }
}
