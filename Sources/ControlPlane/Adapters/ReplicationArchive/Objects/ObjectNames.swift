import BackupModel
import ProjectModel

/// The layout of the archive of one cluster. Names hold all that a plan needs: one list is enough to make it.
struct ObjectNames {
    let root: String

    init(_ location: ArchiveLocation) { root = "v1/\(location.installation)/\(location.incarnation)/" }

    var cluster: String { root + "cluster.json" }
    var bases: String { root + "base/" }

    func folder(of id: BackupID) -> String { bases + "\(id)/" }
    func base(_ id: BackupID) -> String { folder(of: id) + "base.tar.gz.enc" }
    func manifest(_ id: BackupID) -> String { folder(of: id) + "manifest.enc" }
    /// Written last: its presence is the backup's.
    func record(_ id: BackupID) -> String { folder(of: id) + "backup.json" }

    func chunk(_ chunk: WALChunk) -> String {
        let until = chunk.completeUntil.map { Self.hex($0.milliseconds, 12) } ?? Self.unknown
        let range = "\(Self.hex(chunk.from.value, 16))-\(Self.hex(chunk.to.value, 16))"
        return root + "wal/\(Self.hex(chunk.timeline.value, 8))/\(range)-\(until).enc"
    }

    func history(_ timeline: TimelineID, seen: Timestamp) -> String {
        root + "history/\(Self.hex(timeline.value, 8))-\(Self.hex(seen.milliseconds, 12)).enc"
    }

    private static let unknown = "x"

    /// The chunk of a name; nil for a name of something else.
    func chunk(_ object: StoredObject) -> WALChunk? {
        guard let parts = parts(object.name, below: "wal/"), parts.count == 2,
            let timeline = UInt32(parts[0], radix: 16)
        else { return nil }
        let numbers = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 3, let from = UInt64(numbers[0], radix: 16), let to = UInt64(numbers[1], radix: 16),
            from < to
        else { return nil }
        let until = Int64(numbers[2], radix: 16)
        guard until != nil || numbers[2] == Self.unknown else { return nil }
        return WALChunk(
            timeline: TimelineID(timeline), from: WALPosition(from), to: WALPosition(to),
            completeUntil: until.map(Timestamp.init(milliseconds:)), storedBytes: object.bytes)
    }

    /// The time line whose history an object is, and when it was first seen.
    func history(_ object: StoredObject) -> (timeline: TimelineID, seen: Timestamp)? {
        guard let parts = parts(object.name, below: "history/"), parts.count == 1 else { return nil }
        let numbers = parts[0].split(separator: "-", omittingEmptySubsequences: false)
        guard numbers.count == 2, let timeline = UInt32(numbers[0], radix: 16), let seen = Int64(numbers[1], radix: 16)
        else { return nil }
        return (TimelineID(timeline), Timestamp(milliseconds: seen))
    }

    /// The backup to which an object belongs, and the object's own name.
    func baseObject(_ object: StoredObject) -> (id: BackupID, name: String)? {
        guard object.name.hasPrefix(bases) else { return nil }
        let parts = object.name.dropFirst(bases.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let id = BackupID(String(parts[0])) else { return nil }
        return (id, String(parts[1]))
    }

    private func parts(_ name: String, below folder: String) -> [Substring]? {
        guard name.hasPrefix(root + folder), name.hasSuffix(".enc") else { return nil }
        return name.dropFirst((root + folder).count).dropLast(4)
            .split(separator: "/", omittingEmptySubsequences: false)
    }

    private static func hex(_ number: some BinaryInteger, _ digits: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
