import Synchronization

/// Bytes that all requests together may hold at once.
final class ByteBudget: Sendable {
    private let bytesMax: Int
    private let taken = Mutex(0)

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Bytes in hand at the moment.
    var bytesTaken: Int { taken.withLock { $0 } }

    /// Runs `body` with that many bytes set aside; nil where so many are not left. What is larger than the whole budget
    /// runs alone.
    func withBytes<Value>(_ count: Int, _ body: () async throws -> Value) async rethrows -> Value? {
        let wanted = min(count, bytesMax)
        let isGranted = taken.withLock { taken in
            guard taken + wanted <= bytesMax else { return false }
            taken += wanted
            return true
        }
        guard isGranted else { return nil }
        defer { taken.withLock { $0 -= wanted } }
        return try await body()
    }
}
