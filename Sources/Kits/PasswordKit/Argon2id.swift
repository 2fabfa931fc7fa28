import CArgon2

/// Argon2id (RFC 9106) in the text form `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, by the reference library.
public enum Argon2id {
    /// What one run costs.
    public struct Cost: Sendable, Equatable {
        /// Memory in KiB.
        public var memoryKiB: UInt32
        /// Passes over the memory.
        public var passes: UInt32
        /// Lanes.
        public var lanes: UInt32

        /// A cost.
        public init(memoryKiB: UInt32, passes: UInt32, lanes: UInt32) {
            self.memoryKiB = memoryKiB
            self.passes = passes
            self.lanes = lanes
        }

        /// OWASP's least: 19 MiB and two passes, about 45 ms of one core.
        public static let standard = Cost(memoryKiB: 19_456, passes: 2, lanes: 1)
        /// The most that a stored text may ask for.
        public static let largest = Cost(memoryKiB: 1 << 20, passes: 20, lanes: 16)
    }

    /// Bytes of a salt.
    public static let saltBytes = 16
    /// Bytes of a key.
    public static let keyBytes = 32
    private static let hashBytes = 32

    /// Hashes a password with a salt of ``saltBytes``.
    public static func hash(
        _ password: [UInt8], salt: [UInt8], cost: Cost = .standard
    ) throws(PasswordError) -> String {
        let length = argon2_encodedlen(
            cost.passes, cost.memoryKiB, cost.lanes, UInt32(salt.count), UInt32(hashBytes), Argon2_id)
        var encoded = [CChar](repeating: 0, count: Int(length))
        let status = argon2id_hash_encoded(
            cost.passes, cost.memoryKiB, cost.lanes, password, password.count, salt, salt.count, hashBytes, &encoded,
            encoded.count)
        guard status == ARGON2_OK.rawValue else { throw .library("Argon2id", code: status) }
        return String(decoding: encoded.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A key of ``keyBytes`` from a passphrase and a salt of ``saltBytes``: the same of the same.
    public static func key(from passphrase: [UInt8], salt: [UInt8], cost: Cost) throws(PasswordError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: keyBytes)
        let status = argon2id_hash_raw(
            cost.passes, cost.memoryKiB, cost.lanes, passphrase, passphrase.count, salt, salt.count, &key, key.count)
        guard status == ARGON2_OK.rawValue else { throw .library("Argon2id", code: status) }
        return key
    }

    /// Whether a password is the one that was hashed.
    static func verify(_ password: [UInt8], against stored: String, isPlainI: Bool) throws(PasswordError) -> Bool {
        let status = argon2_verify(stored, password, password.count, isPlainI ? Argon2_i : Argon2_id)
        if status == ARGON2_OK.rawValue { return true }
        guard status == ARGON2_VERIFY_MISMATCH.rawValue else { throw .library("Argon2", code: status) }
        return false
    }

    /// The cost of a stored text; nil for another form or beyond ``Cost/largest``.
    public static func cost(of stored: String) -> Cost? {
        let parts = stored.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, ["argon2id", "argon2i"].contains(parts[1]), parts[2] == "v=19",
            !parts[4].isEmpty, !parts[5].isEmpty
        else { return nil }
        let fields = parts[3].split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 3, let memory = number(fields[0], "m="), let passes = number(fields[1], "t="),
            let lanes = number(fields[2], "p="), (8...Cost.largest.memoryKiB).contains(memory),
            (1...Cost.largest.passes).contains(passes), (1...Cost.largest.lanes).contains(lanes)
        else { return nil }
        return Cost(memoryKiB: memory, passes: passes, lanes: lanes)
    }

    private static func number(_ field: Substring, _ name: String) -> UInt32? {
        field.hasPrefix(name) ? UInt32(field.dropFirst(name.count)) : nil
    }
}

/// Why a password could not be hashed or checked. Nothing of it is repeated.
public enum PasswordError: Error, Sendable, Equatable {
    /// A stored text of no form that is known here, or one that asks for more than is given.
    case unknownForm
    /// The library refused.
    case library(String, code: Int32)
    /// Too many wait for their turn, or the turn did not come in time.
    case overloaded
}
