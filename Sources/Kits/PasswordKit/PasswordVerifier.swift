/// Passwords in the forms that projects bring: Argon2id and Argon2i, bcrypt.
public enum PasswordVerifier {
    /// Longest password that is hashed, in bytes.
    public static let passwordBytesMax = 1_024

    /// Whether a stored text is of a form that can be checked, within bounds.
    public static func isKnown(_ stored: String) -> Bool {
        Argon2id.cost(of: stored) != nil || Bcrypt.isKnown(stored)
    }

    /// Whether a password is the one that was hashed. Slow by design: call it where blocking is allowed.
    public static func verify(_ password: String, against stored: String) throws(PasswordError) -> Bool {
        let bytes = Array(password.utf8)
        guard bytes.count <= passwordBytesMax else { return false }
        if Argon2id.cost(of: stored) != nil {
            return try Argon2id.verify(bytes, against: stored, isPlainI: stored.hasPrefix("$argon2i$"))
        }
        guard Bcrypt.isKnown(stored) else { throw .unknownForm }
        return try Bcrypt.verify(bytes, against: stored)
    }

    /// Whether a stored text is not what ``Argon2id/hash(_:salt:cost:)`` makes now: who knows the password hashes it
    /// again.
    public static func isOutdated(_ stored: String) -> Bool {
        !stored.hasPrefix("$argon2id$") || Argon2id.cost(of: stored) != .standard
    }
}
