import HTTPTypes
import Synchronization

/// Bounds how many streams are open at once, of one account and in all.
package final class StreamPlaces: Sendable {
    /// One open stream; it is given back when nothing holds it any more, however the connection ended.
    package final class Place: Sendable {
        private let places: StreamPlaces
        private let account: String

        fileprivate init(_ places: StreamPlaces, _ account: String) {
            self.places = places
            self.account = account
        }

        deinit { places.release(account) }
    }

    private let perAccountMax: Int
    private let totalMax: Int
    private let counts = Mutex<[String: Int]>([:])

    package init(perAccount: Int, total: Int) {
        perAccountMax = perAccount
        totalMax = total
    }

    /// A place for one more stream of an account; throws 429 or 503.
    package func take(for account: String) throws(APIError) -> Place {
        try counts.withLock { counts throws(APIError) in
            let present = counts[account] ?? 0
            guard present < perAccountMax else {
                var error = APIError(
                    .tooManyRequests, "this account has \(present) streams open, which is the most: close one")
                error.headers[.retryAfter] = "5"
                throw error
            }
            guard counts.values.reduce(0, +) < totalMax else { throw .unavailable("too many streams are open at once") }
            counts[account] = present + 1
        }
        return Place(self, account)
    }

    private func release(_ account: String) {
        counts.withLock { counts in
            let left = (counts[account] ?? 1) - 1
            counts[account] = left > 0 ? left : nil
        }
    }
}
