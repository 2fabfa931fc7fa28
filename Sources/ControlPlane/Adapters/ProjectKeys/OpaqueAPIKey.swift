public import ProjectModel
import TokenKit

/// API keys that are no tokens: `sb_publishable_` or `sb_secret_`, 22 random characters, `_` and a checksum of 8.
///
/// The checksum distinguishes a mistyped key, or one of another project, from a good one without asking the database.
/// It is no signature: it needs no secret. It is made as Supabase's own self-hosting scripts make it.
public enum OpaqueAPIKey {
    /// The kinds of keys.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// For browsers and apps: public access, under row level security.
        case publishable

        /// For servers: everything, past row level security.
        case secret

        /// The prefix of keys of this kind.
        public var prefix: String { "sb_\(rawValue)_" }
    }

    /// Random characters of a key, of 64 kinds: 132 bits.
    public static let randomCharacters = 22

    public static let checksumCharacters = 8

    /// Random characters that may be shown, to distinguish keys.
    public static let shownCharacters = 5

    /// Makes a key for a project.
    public static func mint(_ kind: Kind, for ref: ProjectRef) throws(ProjectKeyError) -> Secret<String> {
        do throws(TokenError) {
            let random = try RandomSource.string(length: randomCharacters, alphabet: .base64url)
            let body = kind.prefix + random
            return Secret(body + "_" + (try checksum(of: body, ref)))
        } catch {
            throw .crypto(error)
        }
    }

    /// Whether a text is a key for this project by its form and checksum; whether the key exists, only its store knows.
    public static func isWellFormed(_ text: String, for ref: ProjectRef) -> Bool {
        guard let kind = kind(of: text) else { return false }
        let bytes = Array(text.utf8)
        // Counted from the start, because `_` is a character of base64url too.
        let bodyCount = kind.prefix.utf8.count + randomCharacters
        guard bytes.count == bodyCount + 1 + checksumCharacters, bytes[bodyCount] == UInt8(ascii: "_"),
            bytes.allSatisfy(isBase64URL)
        else { return false }
        let body = String(decoding: bytes[..<bodyCount], as: UTF8.self)
        guard let expected = try? checksum(of: body, ref) else { return false }
        return constantTimeEqual(Array(bytes.suffix(checksumCharacters)), Array(expected.utf8))
    }

    /// The kind that a text claims by its beginning.
    public static func kind(of text: String) -> Kind? { Kind.allCases.first { text.hasPrefix($0.prefix) } }

    /// What may be shown of a key: its kind's prefix and the first ``shownCharacters``.
    public static func shownPrefix(_ key: Secret<String>) -> String {
        let text = key.reveal()
        guard let kind = kind(of: text) else { return "" }
        return String(text.prefix(kind.prefix.count + shownCharacters))
    }

    /// A key for display: ``shownPrefix(_:)`` and dots.
    public static func masked(_ key: Secret<String>) -> String { shownPrefix(key) + String(repeating: "·", count: 10) }

    private static func checksum(of body: String, _ ref: ProjectRef) throws(TokenError) -> String {
        let digest = try Digest.sha256(Array("\(ref.text)|\(body)".utf8))
        return String(Base64URL.encode(digest).prefix(checksumCharacters))
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
