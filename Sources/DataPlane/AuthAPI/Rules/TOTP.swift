import TokenKit

/// Time-based one-time passwords (RFC 6238): SHA-1, six digits, 30 seconds.
enum TOTP {
    static let periodSeconds = 30
    static let digits = 6
    /// Steps before and after the present one that count, for clocks that differ.
    static let skew = 1
    static let secretBytes = 20

    static func step(at seconds: Double) -> Int64 { Int64(seconds) / Int64(periodSeconds) }

    /// The code of a step.
    static func code(secret: [UInt8], step: Int64) throws(TokenError) -> String {
        let counter = (0..<8).map { UInt8(truncatingIfNeeded: step >> (56 - 8 * $0)) }
        let tag = try Digest.hmacSHA1(counter, key: KeyBytes(secret))
        let offset = Int(tag[19] & 15)
        let number = tag[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let text = String(number % 1_000_000)
        return String(repeating: "0", count: digits - text.utf8.count) + text
    }

    /// The step that a code belongs to; nil for a wrong one, and for one that is not later than the last accepted.
    static func acceptedStep(
        _ code: String, secret: [UInt8], at seconds: Double, after last: Int64?
    ) throws(TokenError) -> Int64? {
        let now = step(at: seconds)
        var found: Int64?
        for candidate in (now - Int64(skew))...(now + Int64(skew)) {
            let expected = try Self.code(secret: secret, step: candidate)
            if constantTimeEqual(Array(expected.utf8), Array(code.utf8)) { found = candidate }
        }
        guard let found, found > last ?? -1 else { return nil }
        return found
    }
}
