import COpenSSL

/// Encryption for the holder of a P-256 key, as the Supabase CLI's device login expects it: an ephemeral key pair, the
/// shared x coordinate itself as AES-256-GCM key, and no additional data.
///
/// There is no key derivation between agreement and cipher because the client has none. It is not needed: every
/// ephemeral key encrypts one message only.
public enum ECDH {
    /// Most bytes of a message.
    public static let maximumMessageBytes = 4_096

    private static let nonceByteCount = 12
    private static let tagByteCount = 16

    /// An encrypted message; every field in lower-case hexadecimal.
    public struct Message: Sendable, Hashable {
        /// The sender's ephemeral public key, an uncompressed point (65 bytes).
        public let publicKey: String
        /// The nonce (12 bytes).
        public let nonce: String
        /// The cipher text, and the tag (16 bytes) after it.
        public let cipherText: String
    }

    /// Encrypts bytes for the holder of a key.
    ///
    /// - Parameter publicKeyHex: the uncompressed point in hexadecimal.
    /// - Throws: ``TokenError/invalidArgument(reason:)`` when that is no point of the curve, or the message too long.
    public static func encrypt(_ plain: [UInt8], for publicKeyHex: String) throws(TokenError) -> Message {
        guard plain.count <= maximumMessageBytes else {
            throw .invalidArgument(reason: "a message has at most \(maximumMessageBytes) bytes")
        }
        let recipient = try publicKey(publicKeyHex)
        let ephemeral = try ES256PrivateKey.generate()
        let key = try sharedSecret(of: ephemeral, and: recipient)
        let nonce = try RandomSource.bytes(nonceByteCount)
        let cipher = try Cipher(key: key, nonce: nonce, isSealing: true)
        let cipherText = try cipher.process(plain)
        let tag = try cipher.tag(byteCount: tagByteCount)
        return Message(
            publicKey: Hex.encode(ephemeral.publicKey.x963), nonce: Hex.encode(nonce),
            cipherText: Hex.encode(cipherText + tag))
    }

    /// Decrypts a message with the private half of the key that it was made for.
    ///
    /// - Throws: ``TokenError/notAuthentic`` when it was changed or made for another key.
    public static func decrypt(_ message: Message, with key: ES256PrivateKey) throws(TokenError) -> [UInt8] {
        let sender = try publicKey(message.publicKey)
        guard let nonce = Hex.decode(message.nonce), nonce.count == nonceByteCount,
            let sealed = Hex.decode(message.cipherText), sealed.count >= tagByteCount,
            sealed.count <= maximumMessageBytes + tagByteCount
        else { throw .unknownFormat }
        let secret = try sharedSecret(of: key, and: sender)
        let cipher = try Cipher(key: secret, nonce: nonce, isSealing: false)
        var plain = try cipher.process(Array(sealed.dropLast(tagByteCount)))
        var tag = Array(sealed.suffix(tagByteCount))
        guard cipher.finish(expecting: &tag) else {
            OPENSSL_cleanse(&plain, plain.count)
            ERR_clear_error()
            throw .notAuthentic
        }
        return plain
    }

    /// The x coordinate of the product of both keys, 32 bytes.
    static func sharedSecret(of own: ES256PrivateKey, and other: ES256PublicKey) throws(TokenError) -> KeyBytes {
        let handle = try ES256Handle(own)
        let peer = try ES256Handle(other)
        guard let context = EVP_PKEY_CTX_new(handle.pointer, nil) else { throw .crypto("EVP_PKEY_CTX_new") }
        defer { EVP_PKEY_CTX_free(context) }
        var secret = [UInt8](repeating: 0, count: ES256PrivateKey.byteCount)
        var count = secret.count
        defer { OPENSSL_cleanse(&secret, secret.count) }
        guard EVP_PKEY_derive_init(context) == 1, EVP_PKEY_derive_set_peer(context, peer.pointer) == 1,
            EVP_PKEY_derive(context, &secret, &count) == 1, count == secret.count
        else { throw .crypto("ECDH") }
        return KeyBytes(secret)
    }

    private static func publicKey(_ hex: String) throws(TokenError) -> ES256PublicKey {
        guard hex.utf8.count == 2 * ES256PublicKey.pointByteCount, let point = Hex.decode(hex) else {
            throw .invalidArgument(reason: "a public key is \(ES256PublicKey.pointByteCount) bytes in hexadecimal")
        }
        return try ES256PublicKey(x963: point)
    }
}
