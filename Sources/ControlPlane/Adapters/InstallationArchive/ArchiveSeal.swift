import PasswordKit
import TokenKit

/// Protects the pieces of a backup: each knows its place, whether it is the last one, and the header of its file, so that
/// none can be changed, moved, dropped or taken from another backup.
///
/// With a passphrase by AES-256-GCM; without one by a digest, which protects against accidents only.
struct ArchiveSeal {
    /// Longest passphrase.
    static let passphraseBytesMax = 1_024
    /// What a new backup costs an attacker per guess: 64 MiB and three passes, about 0.2 s of one core.
    static let cost = Argon2id.Cost(memoryKiB: 65_536, passes: 3, lanes: 1)
    /// The most that a file may ask for.
    private static let costMax = Argon2id.Cost(memoryKiB: 262_144, passes: 10, lanes: 4)

    private let key: KeyBytes?
    private let header: [UInt8]

    /// Most bytes that protection adds to a piece.
    static let overheadMax = max(SealedBox.overheadByteCount, digestBytes)
    static let digestBytes = Digest.sha256ByteCount

    /// - Parameters:
    ///   - header: the bytes of the header, as they stand in the file.
    ///   - passphrase: ignored unless the header says that the file is encrypted.
    init(_ encryption: ArchiveHeader.Encryption?, header: [UInt8], passphrase: [UInt8]?) throws(ArchiveError) {
        self.header = try Self.library { () throws(TokenError) in try Digest.sha256(header) }
        guard let encryption else {
            key = nil
            return
        }
        guard let passphrase else { throw .passphraseMissing }
        guard let salt = Hex.decode(encryption.salt), salt.count == Argon2id.saltBytes,
            (8...Self.costMax.memoryKiB).contains(encryption.memoryKiB),
            (1...Self.costMax.passes).contains(encryption.passes), (1...Self.costMax.lanes).contains(encryption.lanes)
        else { throw .damaged("its header asks for a key that no backup has") }
        do throws(PasswordError) {
            key = KeyBytes(
                try Argon2id.key(
                    from: passphrase, salt: salt,
                    cost: Argon2id.Cost(
                        memoryKiB: encryption.memoryKiB, passes: encryption.passes, lanes: encryption.lanes)))
        } catch { throw .library("the key cannot be derived from the passphrase: \(error)") }
    }

    /// A new salt, at the present cost.
    static func encryption() throws(ArchiveError) -> ArchiveHeader.Encryption {
        let salt = try library { () throws(TokenError) in try RandomSource.bytes(Argon2id.saltBytes) }
        return ArchiveHeader.Encryption(
            memoryKiB: cost.memoryKiB, passes: cost.passes, lanes: cost.lanes, salt: Hex.encode(salt))
    }

    /// The protected form of a piece.
    func close(_ piece: [UInt8], at index: UInt64, isLast: Bool) throws(ArchiveError) -> [UInt8] {
        let context = context(index, isLast)
        return try Self.library { () throws(TokenError) in
            guard let key else { return piece + (try Digest.sha256(context + piece)) }
            return try SealedBox.seal(piece, key: key, context: context)
        }
    }

    /// The piece, if nothing of it or around it was changed.
    func open(_ bytes: [UInt8], at index: UInt64, isLast: Bool) throws(ArchiveError) -> [UInt8] {
        let context = context(index, isLast)
        do throws(TokenError) {
            guard let key else {
                let piece = Array(bytes.dropLast(Digest.sha256ByteCount))
                guard try Digest.sha256(context + piece) == Array(bytes.suffix(Digest.sha256ByteCount)) else {
                    throw .notAuthentic
                }
                return piece
            }
            return try SealedBox.open(bytes, key: key, context: context)
        } catch .notAuthentic, .unknownFormat {
            guard key != nil else { throw .damaged("the digest of piece \(index + 1) is another") }
            throw .notAuthentic
        } catch { throw .library("\(error)") }
    }

    private func context(_ index: UInt64, _ isLast: Bool) -> [UInt8] {
        header + BigEndian.bytes(index) + [isLast ? 1 : 0]
    }

    private static func library<Value>(_ body: () throws(TokenError) -> Value) throws(ArchiveError) -> Value {
        do throws(TokenError) { return try body() } catch { throw .library("\(error)") }
    }
}
