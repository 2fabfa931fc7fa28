import FoundationEssentials
import TokenKit

/// What stands at the beginning of a backup, readable without the passphrase, and protected with what follows it.
public struct ArchiveHeader: Codable, Sendable, Equatable {
    /// How the key comes from the passphrase: Argon2id.
    public struct Encryption: Codable, Sendable, Equatable {
        /// Memory in KiB.
        var memoryKiB: UInt32
        /// Passes over the memory.
        var passes: UInt32
        /// Lanes.
        var lanes: UInt32
        /// Hexadecimal digits.
        var salt: String
    }

    /// The installation's identifier.
    public var installation: String
    /// The version of the program that made it.
    public var version: String
    /// When it was made, as in ISO 8601.
    public var createdAt: String
    /// Absent: the backup is not encrypted.
    public var encryption: Encryption?

    /// A header without encryption; the writer adds it.
    public init(installation: String, version: String, createdAt: String) {
        self.installation = installation
        self.version = version
        self.createdAt = createdAt
    }

    /// The first bytes of a backup; the number is the format's.
    static let magic = Array("SUPAMANAGER-BACKUP 1\n".utf8)
    /// What they begin with in every format.
    static let magicPrefix = Array("SUPAMANAGER-BACKUP ".utf8)
    /// Most bytes of a header.
    static let bytesMax = 1 << 16

    /// Magic, length and JSON.
    func encoded() throws(ArchiveError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json: [UInt8]
        do { json = Array(try encoder.encode(self)) } catch { throw .damaged("its header cannot be written") }
        guard json.count <= Self.bytesMax else { throw .damaged("its header is too long") }
        return Self.magic + BigEndian.bytes(UInt32(json.count)) + json
    }
}

/// Numbers as they stand in a backup.
enum BigEndian {
    static func bytes<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: number >> Number($0 * 8)) }
    }

    static func number<Number: FixedWidthInteger>(_ bytes: some Sequence<UInt8>) -> Number {
        bytes.reduce(0) { $0 << 8 | Number($1) }
    }
}
