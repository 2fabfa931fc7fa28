/// The name of an entry: a path below the data folder, or a name of the backup's own.
public struct ArchiveName: Sendable, Hashable {
    /// Longest name.
    static let bytesMax = 4_096

    /// The name.
    public let text: String

    /// The manager's database, as `pg_dump` wrote it.
    public static let database = ArchiveName(unchecked: "database.dump")
    /// The master key.
    public static let masterKey = ArchiveName(unchecked: "master.key")
    /// The access token of the first start.
    public static let adminToken = ArchiveName(unchecked: "admin-token")
    /// The folder of the files that projects mount.
    public static let projects = "projects"

    /// A relative path of ordinary components; nil for anything that could lead out of its folder.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.bytesMax, !text.utf8.contains(0),
            parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
        else { return nil }
        self.text = text
    }

    private init(unchecked text: String) { self.text = text }

    /// Whether it is a file of a project.
    public var isProjectFile: Bool { text.hasPrefix(Self.projects + "/") }
}

/// What stands before the bytes of an entry.
struct ArchiveEntry: Equatable {
    let name: ArchiveName
    let size: UInt64

    /// Bytes before the name.
    static let fixedBytes = 2 + 8

    func encoded() -> [UInt8] {
        let name = Array(name.text.utf8)
        return BigEndian.bytes(UInt16(name.count)) + BigEndian.bytes(size) + name
    }
}
