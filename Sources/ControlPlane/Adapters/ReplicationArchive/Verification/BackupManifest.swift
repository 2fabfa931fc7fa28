import BackupModel
import FoundationEssentials
import TokenKit

/// PostgreSQL's manifest of a base backup: the SHA-256 of every file but those of the log.
struct BackupManifest {
    /// Size and digest by path.
    var files: [String: (bytes: UInt64, sha256: String)] = [:]

    private struct Wire: Decodable {
        struct File: Decodable {
            var path: String?
            /// Hexadecimal, for a name that is no UTF-8.
            var encodedPath: String?
            var size: UInt64
            var algorithm: String
            var checksum: String

            enum CodingKeys: String, CodingKey {
                case path = "Path"
                case encodedPath = "Encoded-Path"
                case size = "Size"
                case algorithm = "Checksum-Algorithm"
                case checksum = "Checksum"
            }
        }

        var files: [File]
        var checksum: String

        enum CodingKeys: String, CodingKey {
            case files = "Files"
            case checksum = "Manifest-Checksum"
        }
    }

    /// Nil when it is none, or its own checksum is another.
    init?(_ bytes: [UInt8]) {
        guard let wire = try? JSONDecoder().decode(Wire.self, from: Data(bytes)) else { return nil }
        // The checksum is over everything up to the last line.
        guard let end = bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")),
            let sum = try? Digest.sha256(Array(bytes[...end])), Hex.encode(sum) == wire.checksum.lowercased()
        else { return nil }
        for file in wire.files {
            let encoded = file.encodedPath.flatMap(Hex.decode).map { String(decoding: $0, as: UTF8.self) }
            guard file.algorithm == "SHA256", let path = file.path ?? encoded else { return nil }
            files[path] = (file.size, file.checksum.lowercased())
        }
    }
}
