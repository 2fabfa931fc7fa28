import TokenKit

/// A refresh token of the form that needs no row of its own: the session's id and a counter, under a tag that only the
/// session's key makes. The session holds the counter of the token in force.
struct RefreshToken: Sendable, Equatable {
    /// Longest token that is looked at.
    static let bytesMax = 255
    static let keyBytes = 32
    private static let tagBytes = 16
    private static let checksumBytes = 4
    private static let idBytes = 16

    let session: String
    let counter: Int64
    private let signed: [UInt8]
    private let tag: [UInt8]

    /// Reads a token; nil for any other text. The tag is not checked yet: the key belongs to the session.
    init?(_ text: String) {
        guard text.utf8.count <= Self.bytesMax, let bytes = Base64URL.decode(text),
            bytes.count > 1 + Self.idBytes + Self.tagBytes + Self.checksumBytes, bytes[0] == 0
        else { return nil }
        let body = Array(bytes.dropLast(Self.checksumBytes))
        guard let digest = try? Digest.sha256(body),
            Array(digest.prefix(Self.checksumBytes)) == Array(bytes.suffix(Self.checksumBytes))
        else { return nil }
        let signed = Array(body.dropLast(Self.tagBytes))
        guard let counter = Self.number(signed.dropFirst(1 + Self.idBytes)) else { return nil }
        session = UUIDText.text(Array(signed[1...Self.idBytes]))
        self.counter = counter
        self.signed = signed
        tag = Array(body.suffix(Self.tagBytes))
    }

    /// Whether the session's key made it.
    func isSigned(by key: KeyBytes) throws(TokenError) -> Bool {
        constantTimeEqual(Array(try Digest.hmacSHA256(signed, key: key).prefix(Self.tagBytes)), tag)
    }

    /// The text of a session's token.
    static func text(session: String, counter: Int64, key: KeyBytes) throws(TokenError) -> String {
        guard let id = UUIDText.bytes(session), counter >= 0 else {
            throw .invalidArgument(reason: "a refresh token names a session by its id")
        }
        let signed = [0] + id + bytes(of: counter)
        let body = signed + (try Digest.hmacSHA256(signed, key: key).prefix(tagBytes))
        return Base64URL.encode(body + (try Digest.sha256(body).prefix(checksumBytes)))
    }

    /// Unsigned LEB128.
    private static func bytes(of number: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = UInt64(number)
        repeat {
            let low = UInt8(rest & 0x7f)
            rest >>= 7
            bytes.append(rest == 0 ? low : low | 0x80)
        } while rest > 0
        return bytes
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard (1...9).contains(bytes.count), bytes.last.map({ $0 & 0x80 == 0 }) == true,
            bytes.dropLast().allSatisfy({ $0 & 0x80 != 0 })
        else { return nil }
        let number = bytes.reversed().reduce(UInt64(0)) { $0 << 7 | UInt64($1 & 0x7f) }
        return Int64(exactly: number)
    }
}

/// How a refresh token is answered.
enum RefreshDecision: Equatable {
    /// It was in force: the session's counter goes up.
    case next
    /// The client did not get its last answer, or asked twice at once: it gets the token in force once more.
    case current
    /// It was used long ago: a second client has it.
    case reused
    /// No session of this server's ever got that far.
    case notIssued

    /// - Parameter secondsSinceRefresh: since the session's last refresh; nil where there was none.
    init(token: Int64, session: Int64, secondsSinceRefresh: Double?, reuseSeconds: Int) {
        let difference = session - token
        let isRecent = secondsSinceRefresh.map { $0 < Double(reuseSeconds) } ?? false
        switch difference {
        case ..<0: self = .notIssued
        case 0: self = .next
        case 1: self = .current
        default: self = isRecent ? .current : .reused
        }
    }
}

/// UUIDs as texts and bytes.
enum UUIDText {
    /// The canonical form in lower case; nil for any other text.
    static func canonical(_ text: String) -> String? { bytes(text).map { Self.text($0) } }

    static func bytes(_ text: String) -> [UInt8]? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [8, 4, 4, 4, 12] else { return nil }
        return Hex.decode(parts.joined())
    }

    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array(Hex.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }

    /// A new random one (RFC 9562 version 4).
    static func random() throws(TokenError) -> String {
        var bytes = try RandomSource.bytes(16)
        bytes[6] = bytes[6] & 0x0f | 0x40
        bytes[8] = bytes[8] & 0x3f | 0x80
        return text(bytes)
    }
}
