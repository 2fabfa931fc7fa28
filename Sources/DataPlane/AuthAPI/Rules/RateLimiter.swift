/// Token buckets by limit and client: each holds `burst` requests and fills again evenly over its time.
struct RateLimiter: Sendable {
    /// What is limited apart from each other.
    enum Limit: String, Sendable, Hashable {
        case signup, otp, magiclink, recover, resend, user, verify, token, anonymous, mfa, external
    }

    private struct Key: Hashable {
        var limit: Limit
        var client: String
    }

    /// Requests that are left of one client, or of all together.
    struct Bucket: Sendable {
        private var level: Double
        private(set) var filledAt: Double
        private let capacity: Double
        private let perSecond: Double

        /// A full bucket.
        init(count: Int, seconds: Int, burst: Int, at now: Double) {
            level = Double(burst)
            filledAt = now
            capacity = Double(burst)
            perSecond = Double(max(count, 0)) / Double(max(seconds, 1))
        }

        /// Takes a request out.
        ///
        /// - Parameter seconds: to wait where it never fills again.
        /// - Returns: nil, or the seconds to wait.
        mutating func take(at now: Double, orWait seconds: Int) -> Int? {
            fill(at: now)
            if level >= 1 {
                level -= 1
                return nil
            }
            guard perSecond > 0 else { return seconds }
            return max(1, Int(((1 - level) / perSecond).rounded(.up)))
        }

        /// Whether it is full again.
        func isFull(at now: Double) -> Bool {
            var filled = self
            filled.fill(at: now)
            return filled.level >= filled.capacity
        }

        private mutating func fill(at now: Double) {
            // A clock that was set back gives nothing and takes nothing.
            level = min(capacity, level + max(0, now - filledAt) * perSecond)
            filledAt = now
        }
    }

    /// Most buckets; when there are more, those that are full again go first, then the tenth that lay idle longest.
    static let bucketsMax = 10_000

    private var buckets: [Key: Bucket] = [:]

    /// Takes one request out of a client's bucket.
    ///
    /// - Parameters:
    ///   - client: its network.
    ///   - count: requests in `seconds`.
    ///   - burst: requests at once.
    /// - Returns: nil, or the seconds to wait.
    mutating func wait(
        _ limit: Limit, client: String, count: Int, seconds: Int, burst: Int, at now: Double
    ) -> Int? {
        let key = Key(limit: limit, client: client)
        if buckets.count >= Self.bucketsMax, buckets[key] == nil { makeRoom(at: now) }
        return buckets[key, default: Bucket(count: count, seconds: seconds, burst: burst, at: now)]
            .take(at: now, orWait: seconds)
    }

    private mutating func makeRoom(at now: Double) {
        buckets = buckets.filter { !$0.value.isFull(at: now) }
        guard buckets.count >= Self.bucketsMax else { return }
        let oldest = buckets.sorted { $0.value.filledAt < $1.value.filledAt }.prefix(Self.bucketsMax / 10)
        for entry in oldest { buckets[entry.key] = nil }
    }
}
