import COpenSSL

/// Random values from libcrypto's generator, which seeds itself from the kernel.
public enum RandomSource {
    /// Most bytes or characters of one call.
    public static let maximumBytes = 1 << 20

    /// Random bytes.
    public static func bytes(_ count: Int) throws(TokenError) -> [UInt8] {
        guard (0...maximumBytes).contains(count) else {
            throw .invalidArgument(reason: "0 to \(maximumBytes) random bytes at a time")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        guard count == 0 || RAND_priv_bytes(&bytes, Int32(count)) == 1 else { throw .crypto("RAND_priv_bytes") }
        return bytes
    }

    /// A random text: every character is drawn from `alphabet`, each with exactly the same probability.
    public static func string(length: Int, alphabet: RandomAlphabet) throws(TokenError) -> String {
        guard (0...maximumBytes).contains(length) else {
            throw .invalidArgument(reason: "0 to \(maximumBytes) random characters at a time")
        }
        var text: [UInt8] = []
        text.reserveCapacity(length)
        while text.count < length {
            var batch = try bytes(min(maximumBytes, (length - text.count) * 2))
            for byte in batch where byte < alphabet.acceptedBytes && text.count < length {
                text.append(alphabet.characters[Int(byte) % alphabet.characters.count])
            }
            OPENSSL_cleanse(&batch, batch.count)
        }
        defer { OPENSSL_cleanse(&text, text.count) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The characters that a random text is made of.
public struct RandomAlphabet: Sendable, Hashable {
    let characters: [UInt8]

    /// Bytes from this value on are drawn again: taken modulo the alphabet they would favour its first characters.
    let acceptedBytes: UInt16

    /// An alphabet of 2 to 128 different ASCII characters; anything else gives nothing.
    public init?(_ characters: String) {
        let bytes = Array(characters.utf8)
        guard (2...128).contains(bytes.count), Set(bytes).count == bytes.count, bytes.allSatisfy({ $0 < 128 }) else {
            return nil
        }
        self.init(bytes: bytes)
    }

    private init(bytes: [UInt8]) {
        characters = bytes
        acceptedBytes = UInt16(256 - 256 % bytes.count)
    }

    /// `a`–`z`, `A`–`Z`, `0`–`9`.
    public static let alphanumeric = RandomAlphabet(bytes: letters.characters + Array("0123456789".utf8))

    /// `a`–`z`, `A`–`Z`.
    public static let letters = RandomAlphabet(
        bytes: Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8))

    /// `0`–`9`, `a`–`f`.
    public static let hex = RandomAlphabet(bytes: Array("0123456789abcdef".utf8))

    /// `a`–`f`.
    public static let hexLetters = RandomAlphabet(bytes: Array("abcdef".utf8))

    /// The 64 characters of Base64.
    public static let base64 = RandomAlphabet(bytes: alphanumeric.characters + Array("+/".utf8))

    /// The 64 characters of Base64 for URLs.
    public static let base64url = RandomAlphabet(bytes: alphanumeric.characters + Array("-_".utf8))
}
