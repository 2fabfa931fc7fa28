/// The key of a project's backups: 32 bytes that wrap the key of each object. Without it nothing of the archive can be
/// read. It prints as `<backup key>`.
public struct BackupKey: Sendable, Equatable {
    /// Bytes of a key.
    public static let byteCount = 32

    /// The bytes, for the adapter that encrypts.
    public let bytes: [UInt8]

    /// Nil unless there are ``byteCount`` bytes.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }
}

extension BackupKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always `<backup key>`.
    public var description: String { "<backup key>" }

    /// Always `<backup key>`.
    public var debugDescription: String { description }

    /// A mirror without children.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// A cluster's place in a store, and the key of what is there.
public struct ArchiveAccess: Sendable, Equatable {
    public var location: ArchiveLocation
    public var key: BackupKey

    public init(location: ArchiveLocation, key: BackupKey) {
        self.location = location
        self.key = key
    }
}
