/// A file of a tar archive.
struct TarEntry: Sendable, Equatable {
    /// The type of an entry.
    enum Kind: Sendable, Equatable {
        /// A file with its contents.
        case file([UInt8])
        case directory
        /// A symbolic link and what it points to.
        case symbolicLink(target: String)
    }

    /// Its path, without a slash at either end.
    var path: String
    /// What it is.
    var kind: Kind
    /// Its permission bits, for instance `0o600`.
    var mode: UInt32
    /// Its owner.
    var userID: UInt32
    /// Its group.
    var groupID: UInt32
    /// When it was changed, in seconds since 1970.
    var modifiedSeconds: Int64

    /// An entry; the owner is root unless said otherwise.
    init(
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

/// Why an archive cannot be written.
struct TarError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The problem.
    let description: String
}

/// Writes archives in the ustar form (POSIX.1-1988).
enum TarArchive {
    static let blockBytes = 512

    /// The archive with these entries.
    ///
    /// - Throws: when a path or number does not fit, or a path could lead out of the directory it is unpacked in.
    static func write(_ entries: [TarEntry]) throws(TarError) -> [UInt8] {
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

    static func padding(after count: Int) -> Int {
        (blockBytes - count % blockBytes) % blockBytes
    }
}
