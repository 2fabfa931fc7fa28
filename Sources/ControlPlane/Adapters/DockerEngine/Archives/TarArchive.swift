/// A file of a tar archive.
public struct TarEntry: Sendable, Equatable {
    /// The type of an entry.
    public enum Kind: Sendable, Equatable {
        /// A file with its contents.
        case file([UInt8])
        case directory
        /// A symbolic link and what it points to.
        case symbolicLink(target: String)
        /// Another type, whose content is skipped: a hard link, a device. Cannot be written.
        case other
    }

    /// Its path, without a slash at either end.
    public var path: String
    /// What it is.
    public var kind: Kind
    /// Its permission bits, for instance `0o600`.
    public var mode: UInt32
    /// Its owner.
    public var userID: UInt32
    /// Its group.
    public var groupID: UInt32
    /// When it was changed, in seconds since 1970.
    public var modifiedSeconds: Int64

    /// An entry; the owner is root unless said otherwise.
    public init(
        path: String, kind: Kind, mode: UInt32, userID: UInt32 = 0, groupID: UInt32 = 0, modifiedSeconds: Int64 = 0
    ) {
        self.path = path
        self.kind = kind
        self.mode = mode
        self.userID = userID
        self.groupID = groupID
        self.modifiedSeconds = modifiedSeconds
    }
}

/// Why an archive cannot be written or read.
public struct TarError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The problem.
    public let description: String
}

/// Reads and writes archives in the ustar form (POSIX.1-1988), and reads the extensions that engines use for long
/// names.
public enum TarArchive {
    static let blockBytes = 512
    /// Long names and links of the extensions are not read beyond this.
    static let longestExtensionBytes = 64 * 1024

    /// The archive with these entries.
    ///
    /// - Throws: when a path or number does not fit, or a path could lead out of the directory it is unpacked in.
    public static func write(_ entries: [TarEntry]) throws(TarError) -> [UInt8] {
        var archive: [UInt8] = []
        for entry in entries {
            archive += try TarHeader(entry).block()
            guard case .file(let contents) = entry.kind else { continue }
            archive += contents
            archive += [UInt8](repeating: 0, count: padding(after: contents.count))
        }
        // Two empty blocks mark the end.
        return archive + [UInt8](repeating: 0, count: 2 * blockBytes)
    }

    /// The entries of an archive.
    ///
    /// - Throws: when it is damaged, cut off, or has more than `limitEntries` entries.
    public static func read(_ archive: [UInt8], limitEntries: Int) throws(TarError) -> [TarEntry] {
        var reader = TarReader(archive: archive)
        var entries: [TarEntry] = []
        while let entry = try reader.next() {
            guard entries.count < limitEntries else {
                throw TarError(description: "the archive has more than \(limitEntries) entries")
            }
            entries.append(entry)
        }
        return entries
    }

    static func padding(after count: Int) -> Int {
        (blockBytes - count % blockBytes) % blockBytes
    }
}
