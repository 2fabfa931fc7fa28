import Glibc

/// A user of the operating system.
public struct SystemAccount: Sendable, Hashable {
    private static let bufferBytes = 16_384

    /// The login name.
    public let name: String

    /// The user's id.
    public let userID: UInt32

    /// The id of the user's main group.
    public let groupID: UInt32

    /// The user of this name, or nil.
    public init?(named name: String) {
        self.init { entry, buffer, found in getpwnam_r(name, entry, buffer, Self.bufferBytes, found) }
    }

    /// The user of this id, or nil.
    public init?(userID: UInt32) {
        self.init { entry, buffer, found in getpwuid_r(userID, entry, buffer, Self.bufferBytes, found) }
    }

    /// The user that this program runs as, or nil if the system has no entry for it.
    public static var current: SystemAccount? { SystemAccount(userID: geteuid()) }

    /// Whether this program runs as root.
    public static var isRoot: Bool { geteuid() == 0 }

    private init?(
        _ lookUp: (
            UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>,
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: Self.bufferBytes)
        defer { buffer.deallocate() }
        guard lookUp(&entry, buffer, &found) == 0, found != nil, let name = entry.pw_name else { return nil }
        self.name = String(cString: name)
        userID = entry.pw_uid
        groupID = entry.pw_gid
    }
}
