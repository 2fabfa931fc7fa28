import COpenSSL

/// What PostgreSQL keeps of a password for SCRAM-SHA-256 (RFC 5802, RFC 7677), in its own text form:
/// `SCRAM-SHA-256$4096:salt$StoredKey:ServerKey`. It checks a proof and opens nothing.
public enum SCRAMVerifier {
    /// Rounds of PBKDF2; PostgreSQL's own number.
    public static let rounds: Int32 = 4_096
    private static let saltByteCount = 16

    /// The verifier of a password, with a new salt. Takes a few milliseconds.
    ///
    /// - Throws: ``TokenError/invalidArgument(reason:)`` for a password that is empty or has other than printable ASCII
    ///   characters: those would first have to be prepared (RFC 4013), differently by client and server.
    public static func make(_ password: String) throws(TokenError) -> String {
        try make(password, salt: try RandomSource.bytes(saltByteCount))
    }

    static func make(_ password: String, salt: [UInt8]) throws(TokenError) -> String {
        guard !password.isEmpty, password.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw .invalidArgument(reason: "a password of a database role has printable ASCII characters only")
        }
        let salted = KeyBytes(try pbkdf2(password, salt: salt))
        let clientKey = try Digest.hmacSHA256(Array("Client Key".utf8), key: salted)
        let serverKey = try Digest.hmacSHA256(Array("Server Key".utf8), key: salted)
        return "SCRAM-SHA-256$\(rounds):\(Base64.encode(salt))"
            + "$\(Base64.encode(try Digest.sha256(clientKey))):\(Base64.encode(serverKey))"
    }

    private static func pbkdf2(_ password: String, salt: [UInt8]) throws(TokenError) -> [UInt8] {
        var secret = password.utf8.map { CChar(bitPattern: $0) }
        defer { OPENSSL_cleanse(&secret, secret.count) }
        var output = [UInt8](repeating: 0, count: Digest.sha256ByteCount)
        let status = PKCS5_PBKDF2_HMAC(
            secret, Int32(secret.count), salt, Int32(salt.count), rounds, EVP_sha256(), Int32(output.count), &output)
        guard status == 1 else { throw .crypto("PBKDF2") }
        return output
    }
}
