import COpenSSL

/// Authenticated encryption with AES-256-GCM (NIST SP 800-38D) in a self-describing envelope:
/// one byte of format version, 12 bytes of nonce, the cipher text, 16 bytes of tag.
///
/// The context is authenticated but not stored: sealed data opens only where the same context is given, so that it
/// cannot be moved from one row or name to another. The version byte is authenticated with it.
public enum SealedBox {
    /// Bytes of a key.
    public static let keyByteCount = 32

    /// Most bytes of plain text; far below the limit of GCM.
    public static let maximumPlainBytes = 1 << 24

    /// The overhead of sealing, in bytes.
    public static let overheadByteCount = 1 + nonceByteCount + tagByteCount

    private static let version: UInt8 = 1
    private static let nonceByteCount = 12
    private static let tagByteCount = 16

    /// Seals `plain` under a random nonce.
    ///
    /// With random nonces one key is good for 2^32 messages (SP 800-38D §8.3): keys here are per project, so that is
    /// far away.
    public static func seal(_ plain: [UInt8], key: KeyBytes, context: [UInt8]) throws(TokenError) -> [UInt8] {
        try seal(plain, key: key, context: context, nonce: try RandomSource.bytes(nonceByteCount))
    }

    /// Opens what ``seal(_:key:context:)`` made.
    ///
    /// - Throws: ``TokenError/notAuthentic`` when a bit was changed or key or context are others;
    ///   ``TokenError/unknownFormat`` for another version or too few bytes.
    public static func open(_ sealed: [UInt8], key: KeyBytes, context: [UInt8]) throws(TokenError) -> [UInt8] {
        guard sealed.first == version, sealed.count >= overheadByteCount else { throw .unknownFormat }
        guard sealed.count <= maximumPlainBytes + overheadByteCount else { throw .unknownFormat }
        let nonce = Array(sealed[1...nonceByteCount])
        let cipherText = Array(sealed[(1 + nonceByteCount)..<(sealed.count - tagByteCount)])
        var tag = Array(sealed.suffix(tagByteCount))
        let cipher = try Cipher(key: key, nonce: nonce, isSealing: false)
        try cipher.authenticate([version] + context)
        var plain = try cipher.process(cipherText)
        guard cipher.finish(expecting: &tag) else {
            OPENSSL_cleanse(&plain, plain.count)
            ERR_clear_error()
            throw .notAuthentic
        }
        return plain
    }

    /// Sealing with a given nonce, for the test vectors; a nonce must never be used twice with a key.
    static func seal(
        _ plain: [UInt8], key: KeyBytes, context: [UInt8], nonce: [UInt8]
    ) throws(TokenError) -> [UInt8] {
        guard plain.count <= maximumPlainBytes else {
            throw .invalidArgument(reason: "sealed data holds at most \(maximumPlainBytes) bytes")
        }
        let cipher = try Cipher(key: key, nonce: nonce, isSealing: true)
        try cipher.authenticate([version] + context)
        let cipherText = try cipher.process(plain)
        return [version] + nonce + cipherText + (try cipher.tag(byteCount: tagByteCount))
    }
}

/// One run of AES-256-GCM. GCM is a stream cipher: the output has the input's length, and nothing is left at the end.
struct Cipher: ~Copyable {
    private let context: OpaquePointer
    private let isSealing: Bool

    init(key: KeyBytes, nonce: [UInt8], isSealing: Bool) throws(TokenError) {
        guard key.count == SealedBox.keyByteCount else {
            throw .invalidArgument(reason: "AES-256 takes a key of \(SealedBox.keyByteCount) bytes")
        }
        guard let context = EVP_CIPHER_CTX_new() else { throw .crypto("EVP_CIPHER_CTX_new") }
        let status = key.withBytes { key in
            EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, nil, nil, isSealing ? 1 : 0) == 1
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, Int32(nonce.count), nil) == 1
                && EVP_CipherInit_ex(context, nil, nil, key, nonce, -1) == 1
        }
        guard status else {
            EVP_CIPHER_CTX_free(context)
            throw .crypto("AES-256-GCM")
        }
        self.context = context
        self.isSealing = isSealing
    }

    deinit {
        // Overwrites the key schedule too.
        EVP_CIPHER_CTX_free(context)
    }

    func authenticate(_ data: [UInt8]) throws(TokenError) {
        guard data.count <= SealedBox.maximumPlainBytes else {
            throw .invalidArgument(reason: "a context holds at most \(SealedBox.maximumPlainBytes) bytes")
        }
        var written: Int32 = 0
        guard EVP_CipherUpdate(context, nil, &written, data, Int32(data.count)) == 1 else {
            throw .crypto("AES-256-GCM context")
        }
    }

    func process(_ input: [UInt8]) throws(TokenError) -> [UInt8] {
        guard !input.isEmpty else { return [] }
        var output = [UInt8](repeating: 0, count: input.count)
        var written: Int32 = 0
        guard EVP_CipherUpdate(context, &output, &written, input, Int32(input.count)) == 1,
            Int(written) == input.count
        else { throw .crypto("AES-256-GCM") }
        return output
    }

    func tag(byteCount: Int) throws(TokenError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: byteCount)
        guard finish(), EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(byteCount), &tag) == 1 else {
            throw .crypto("AES-256-GCM tag")
        }
        return tag
    }

    /// Whether the tag fits what was processed.
    func finish(expecting tag: inout [UInt8]) -> Bool {
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag) == 1 && finish()
    }

    private func finish() -> Bool {
        var rest = [UInt8](repeating: 0, count: Int(EVP_MAX_BLOCK_LENGTH))
        var written: Int32 = 0
        return EVP_CipherFinal_ex(context, &rest, &written) == 1
    }
}
