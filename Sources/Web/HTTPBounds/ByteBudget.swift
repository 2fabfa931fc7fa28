import Synchronization

/// Bytes that all requests together may hold at once.
package final class ByteBudget: Sendable {
    private let bytesMax: Int
    private let taken = Mutex(0)

    /// A budget of which nothing is taken.
    package init(bytesMax: Int) { self.bytesMax = bytesMax }

    /// Bytes in hand at the moment.
    package var bytesTaken: Int { taken.withLock { $0 } }

    /// Runs `body` with a share that grows as bytes arrive, and returns it. Announced bytes cost nothing: a client that
    /// announces much and sends nothing blocks no other.
    ///
    /// - Parameter free: bytes of the request that are not counted.
    package func withShare<Value>(beyond free: Int, _ body: (Share) async throws -> Value) async rethrows -> Value {
        let share = share(beyond: free)
        defer { share.release() }
        return try await body(share)
    }

    /// A share that is returned when nothing holds it any longer.
    package func share(beyond free: Int) -> Share { Share(of: self, beyond: free) }

    fileprivate func take(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= bytesMax else { return false }
            taken += count
            return true
        }
    }

    fileprivate func give(_ count: Int) { taken.withLock { $0 -= count } }

    /// What one request holds.
    package final class Share: Sendable {
        private let budget: ByteBudget
        private let free: Int
        private let held = Mutex(0)

        fileprivate init(of budget: ByteBudget, beyond free: Int) {
            self.budget = budget
            self.free = free
        }

        deinit { release() }

        /// Reserves this many bytes; false where they are not left. A request that is larger than the whole
        /// budget runs alone.
        package func grow(to count: Int) -> Bool {
            let wanted = min(max(0, count - free), budget.bytesMax)
            return held.withLock { held in
                guard wanted > held else { return true }
                guard budget.take(wanted - held) else { return false }
                held = wanted
                return true
            }
        }

        /// Returns the bytes taken.
        package func release() {
            held.withLock { held in
                budget.give(held)
                held = 0
            }
        }
    }
}
