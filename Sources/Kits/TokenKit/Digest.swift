import COpenSSL

/// SHA-256, HMAC-SHA256, and SHA-1 where others ask for it.
public enum Digest {
    /// Bytes of a SHA-256 digest.
    public static let sha256ByteCount = 32

    /// The SHA-256 digest (FIPS 180-4).
    public static func sha256(_ message: [UInt8]) throws(TokenError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: sha256ByteCount)
        guard EVP_Digest(message, message.count, &digest, nil, EVP_sha256(), nil) == 1 else {
            throw .crypto("SHA-256")
        }
        return digest
    }

    /// The SHA-1 digest (FIPS 180-4), 20 bytes: for lists that are kept by it, never as a protection.
    public static func sha1(_ message: [UInt8]) throws(TokenError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 20)
        guard EVP_Digest(message, message.count, &digest, nil, EVP_sha1(), nil) == 1 else { throw .crypto("SHA-1") }
        return digest
    }

    /// The HMAC with SHA-256 (RFC 2104, RFC 4231).
    public static func hmacSHA256(_ message: [UInt8], key: KeyBytes) throws(TokenError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: sha256ByteCount)
        let isDone = key.withBytes { bytes in
            HMAC(EVP_sha256(), bytes, Int32(key.count), message, message.count, &tag, nil) != nil
        }
        guard isDone else { throw .crypto("HMAC-SHA256") }
        return tag
    }

    /// The HMAC with SHA-1 (RFC 2104), which one-time passwords are made with (RFC 6238); 20 bytes.
    public static func hmacSHA1(_ message: [UInt8], key: KeyBytes) throws(TokenError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: 20)
        let isDone = key.withBytes { bytes in
            HMAC(EVP_sha1(), bytes, Int32(key.count), message, message.count, &tag, nil) != nil
        }
        guard isDone else { throw .crypto("HMAC-SHA1") }
        return tag
    }
}
