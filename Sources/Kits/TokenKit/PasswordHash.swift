import COpenSSL

/// Passwords hashed with scrypt (RFC 7914), in the text form `$scrypt$ln=15,r=8,p=3$salt$hash` with unpadded base64url.
public enum PasswordHash {
    /// Longest password that is hashed, in bytes.
    public static let maximumPasswordBytes = 1_024

    /// Most memory of one computation. A stored text that asks for more is refused, not obeyed.
    public static let maximumMemoryBytes: UInt64 = 96 << 20

    private static let saltByteCount = 16
    private static let hashByteCount = 32
    /// OWASP's least for 32 MiB.
    private static let current = Cost(logN: 15, blockSize: 8, parallelism: 3)

    /// The three cost parameters: N = 2^logN, r and p.
    struct Cost: Equatable {
        let logN: UInt64
        let blockSize: UInt64
        let parallelism: UInt64
    }

    /// Hashes a password with a new salt. Takes about 0.3 s and 32 MiB: call it where blocking is allowed.
    public static func hash(_ password: String) throws(TokenError) -> String {
        let salt = try RandomSource.bytes(saltByteCount)
        let hash = try scrypt(password, salt: salt, cost: current, byteCount: hashByteCount)
        return "$scrypt$ln=\(current.logN),r=\(current.blockSize),p=\(current.parallelism)"
            + "$\(Base64URL.encode(salt))$\(Base64URL.encode(hash))"
    }

    /// Whether a password is the one that was hashed. Takes as long as ``hash(_:)``.
    ///
    /// - Throws: ``TokenError/unknownFormat`` when `stored` is not a text that ``hash(_:)`` makes.
    public static func verify(_ password: String, against stored: String) throws(TokenError) -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = cost(parts[2]),
            let salt = Base64URL.decode(parts[3]), let hash = Base64URL.decode(parts[4]),
            salt.count == saltByteCount, hash.count == hashByteCount
        else { throw .unknownFormat }
        return constantTimeEqual(hash, try scrypt(password, salt: salt, cost: cost, byteCount: hash.count))
    }

    /// Whether a text was made at another cost than ``hash(_:)`` has now: hash the password again at the next sign-in.
    public static func isOutdated(_ stored: String) -> Bool {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        return parts.count != 5 || cost(parts[2]) != current
    }

    static func scrypt(
        _ password: String, salt: [UInt8], cost: Cost, byteCount: Int
    ) throws(TokenError) -> [UInt8] {
        guard password.utf8.count <= maximumPasswordBytes else {
            throw .invalidArgument(reason: "a password has at most \(maximumPasswordBytes) bytes")
        }
        var secret = password.utf8.map { CChar(bitPattern: $0) }
        defer { OPENSSL_cleanse(&secret, secret.count) }
        var output = [UInt8](repeating: 0, count: byteCount)
        let status = EVP_PBE_scrypt(
            secret, secret.count, salt, salt.count, 1 << cost.logN, cost.blockSize, cost.parallelism,
            maximumMemoryBytes, &output, byteCount)
        guard status == 1 else { throw .crypto("scrypt") }
        return output
    }

    /// Reads `ln=15,r=8,p=3`, within bounds that keep the arithmetic of the memory limit from overflowing.
    private static func cost(_ text: Substring) -> Cost? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 3, let logN = number(fields[0], "ln="), let blockSize = number(fields[1], "r="),
            let parallelism = number(fields[2], "p="), (1...20).contains(logN), (1...32).contains(blockSize),
            (1...4).contains(parallelism)
        else { return nil }
        return Cost(logN: logN, blockSize: blockSize, parallelism: parallelism)
    }

    private static func number(_ field: Substring, _ name: String) -> UInt64? {
        field.hasPrefix(name) ? UInt64(field.dropFirst(name.count)) : nil
    }
}
