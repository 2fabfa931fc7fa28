import CCrypt
import Glibc

/// bcrypt and the other forms of crypt(3), by libxcrypt. Only checked: new passwords are hashed with ``Argon2id``.
enum Bcrypt {
    /// Bytes of a password that bcrypt looks at.
    static let passwordBytesMax = 72
    /// The most expensive form that is checked: 2^16 rounds take about four seconds.
    static let costMax = 16

    /// Whether the stored text is bcrypt within the bounds.
    static func isKnown(_ stored: String) -> Bool {
        guard stored.utf8.count == 60, ["$2a$", "$2b$", "$2y$"].contains(where: { stored.hasPrefix($0) }) else {
            return false
        }
        return cost(of: stored).map { (4...costMax).contains($0) } ?? false
    }

    static func cost(of stored: String) -> Int? {
        Int(stored.dropFirst(4).prefix(2))
    }

    /// Whether a password is the one that was hashed.
    static func verify(_ password: [UInt8], against stored: String) throws(PasswordError) -> Bool {
        // crypt(3) ends at the first zero, which no password may hide.
        guard !password.contains(0), password.count <= passwordBytesMax else { return false }
        let data = UnsafeMutablePointer<crypt_data>.allocate(capacity: 1)
        defer { data.deallocate() }
        memset(data, 0, MemoryLayout<crypt_data>.size)
        defer { explicit_bzero(data, MemoryLayout<crypt_data>.size) }
        let key = String(decoding: password, as: UTF8.self)
        guard let text = crypt_r(key, stored, data) else { throw .library("crypt", code: errno) }
        return isEqual(Array(String(cString: text).utf8), Array(stored.utf8))
    }

    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
