import COpenSSL

/// A public RSA key that checks RS256 signatures (RFC 7518 §3.3).
public struct RSAPublicKey: Sendable, Hashable {
    /// Smallest modulus in bytes, as RFC 7518 §3.3 demands: 2,048 bits.
    public static let modulusByteCountMin = 256
    /// Largest modulus in bytes: beyond it a check costs more than a token is worth.
    public static let modulusByteCountMax = 1_024
    private static let exponentByteCountMax = 8

    private let modulus: [UInt8]
    private let exponent: [UInt8]

    /// A key from its numbers in big-endian bytes.
    ///
    /// - Throws: ``TokenError/invalidArgument(reason:)`` for numbers outside the limits.
    public init(modulus: [UInt8], exponent: [UInt8]) throws(TokenError) {
        let modulus = Array(modulus.drop { $0 == 0 })
        let exponent = Array(exponent.drop { $0 == 0 })
        guard (Self.modulusByteCountMin...Self.modulusByteCountMax).contains(modulus.count),
            (1...Self.exponentByteCountMax).contains(exponent.count)
        else { throw .invalidArgument(reason: "an RSA key has 2048 to 8192 bits and a short public exponent") }
        self.modulus = modulus
        self.exponent = exponent
    }

    /// Whether `signature` is an RSASSA-PKCS1-v1_5 signature with SHA-256 of the message.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) throws(TokenError) -> Bool {
        guard let key = supamanager_rsa_public_key(modulus, modulus.count, exponent, exponent.count) else {
            throw .crypto("RSA key")
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { throw .crypto("EVP_MD_CTX_new") }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key) == 1 else {
            throw .crypto("EVP_DigestVerifyInit")
        }
        let isValid = EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        if !isValid { ERR_clear_error() }
        return isValid
    }
}

extension ES256PublicKey {
    /// Whether `signature` is r and s of a signature of the message by this key.
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) throws(TokenError) -> Bool {
        try ES256.isSignature(signature, of: message, by: self)
    }
}

extension ES256PrivateKey {
    /// r and s of a signature of the message. Two signatures of one message differ.
    public func signature(of message: [UInt8]) throws(TokenError) -> [UInt8] {
        try P256.sign(message, with: self)
    }
}
