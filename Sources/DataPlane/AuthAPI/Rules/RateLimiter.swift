/// Token buckets by limit and client: each holds `burst` requests and fills again evenly over its time.
struct RateLimiter: Sendable {
    /// What is limited apart from each other.
    enum Limit: String, Sendable, Hashable {
        case signup, otp, magiclink, recover, resend, user, verify, token, anonymous, mfa, email
    }

    private struct Key: Hashable {
        var limit: Limit
        var client: String
    }

    private struct Bucket {
        var level: Double
        var filledAt: Double
        var capacity: Double
        var perSecond: Double

        mutating func fill(at now: Double) {
            // A clock that was set back gives nothing and takes nothing.
            level = min(capacity, level + max(0, now - filledAt) * perSecond)
            filledAt = now
        }
    }

    /// Most buckets; when there are more, those that are full again go first, then those that were asked first, and
    /// never all: who comes from many addresses frees none of them from its limit.
    static let bucketsMax = 10_000

    private var buckets: [Key: Bucket] = [:]

    /// Takes one request out of a client's bucket.
    ///
    /// - Parameters:
    ///   - client: its address, or nothing for a limit of all clients together.
    ///   - count: requests in `seconds`.
    ///   - burst: requests at once.
    /// - Returns: nil, or the seconds to wait.
    mutating func wait(
        _ limit: Limit, client: String, count: Int, seconds: Int, burst: Int, at now: Double
    ) -> Int? {
        let key = Key(limit: limit, client: client)
        if buckets.count >= Self.bucketsMax, buckets[key] == nil { makeRoom(at: now) }
        let rate = Double(max(count, 0)) / Double(max(seconds, 1))
        var bucket =
            buckets[key]
            ?? Bucket(level: Double(burst), filledAt: now, capacity: Double(burst), perSecond: rate)
        bucket.fill(at: now)
        defer { buckets[key] = bucket }
        if bucket.level >= 1 {
            bucket.level -= 1
            return nil
        }
        guard rate > 0 else { return seconds }
        return max(1, Int(((1 - bucket.level) / rate).rounded(.up)))
    }

    private mutating func makeRoom(at now: Double) {
        buckets = buckets.filter { entry in
            var bucket = entry.value
            bucket.fill(at: now)
            return bucket.level < bucket.capacity
        }
        guard buckets.count >= Self.bucketsMax else { return }
        let oldest = buckets.sorted { $0.value.filledAt < $1.value.filledAt }.prefix(Self.bucketsMax / 8)
        for (key, _) in oldest { buckets[key] = nil }
    }
}
