import BackupModel
import FoundationEssentials
import ProjectModel
import TokenKit

/// `backup.json`: what a complete backup is. Readable without the key, and authentic with it.
struct BackupRecord: Codable, Equatable {
    static let bytesMax = 64 << 10
    static let currentFormat = 1

    var format: Int
    var id: String
    var timeline: UInt32
    var start: String
    var end: String
    /// Milliseconds since 1970, by the clock of the server.
    var begun: Int64
    var finished: Int64
    /// A number of 64 bits, as text.
    var systemIdentifier: String
    var serverVersion: String
    var segmentBytes: UInt64
    var includesWAL: Bool
    var base: StoredPart
    var manifest: StoredPart
    /// HMAC-SHA256 of everything else, in hexadecimal.
    var mac: String?

    init(_ backup: BaseBackup, base: StoredPart, manifest: StoredPart) {
        format = Self.currentFormat
        id = backup.id.value
        timeline = backup.timeline.value
        (start, end) = (backup.start.description, backup.end.description)
        (begun, finished) = (backup.begun.milliseconds, backup.finished.milliseconds)
        systemIdentifier = String(backup.systemIdentifier)
        serverVersion = backup.serverVersion
        segmentBytes = backup.segmentBytes
        includesWAL = backup.includesWAL
        (self.base, self.manifest) = (base, manifest)
    }

    /// The backup; nil when a field is none.
    var backup: BaseBackup? {
        guard let id = BackupID(id), let start = WALPosition(text: start), let end = WALPosition(text: end),
            let system = UInt64(systemIdentifier), segmentBytes > 0
        else { return nil }
        return BaseBackup(
            id: id, timeline: TimelineID(timeline), start: start, end: end, begun: Timestamp(milliseconds: begun),
            finished: Timestamp(milliseconds: finished), storedBytes: base.bytes + manifest.bytes,
            systemIdentifier: system, serverVersion: serverVersion, segmentBytes: segmentBytes,
            includesWAL: includesWAL)
    }
}

/// `cluster.json`: whose archive it is.
struct ClusterRecord: Codable, Equatable {
    /// A number of 64 bits, as text.
    var systemIdentifier: String
    var mac: String?
}

/// JSON with a key's authentication inside.
enum AuthenticJSON {
    static func write<Value: Codable>(
        _ value: Value, mac: WritableKeyPath<Value, String?>, name: String, key: BackupKey
    ) throws(BackupError) -> [UInt8] {
        var value = value
        value[keyPath: mac] = nil
        value[keyPath: mac] = try tag(try encode(value), name: name, key: key)
        return try encode(value)
    }

    static func read<Value: Codable>(
        _ bytes: [UInt8], mac: WritableKeyPath<Value, String?>, name: String, key: BackupKey
    ) throws(BackupError) -> Value {
        guard var value = try? JSONDecoder().decode(Value.self, from: Data(bytes)) else {
            throw .damaged(object: name, reason: "it is not the JSON that was written")
        }
        let found = value[keyPath: mac] ?? ""
        value[keyPath: mac] = nil
        guard constantTimeEqual(Array(found.utf8), Array(try tag(try encode(value), name: name, key: key).utf8)) else {
            throw .damaged(object: name, reason: "it was changed, or written with another key")
        }
        return value
    }

    private static func encode(_ value: some Encodable) throws(BackupError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(value)) } catch { throw .invalid("a record cannot be written as JSON") }
    }

    private static func tag(_ bytes: [UInt8], name: String, key: BackupKey) throws(BackupError) -> String {
        try translating { () throws(TokenError) in
            Hex.encode(try Digest.hmacSHA256(Array("\(name)\n".utf8) + bytes, key: KeyBytes(key.bytes)))
        }
    }
}
