import Glibc

/// A call of the file system that failed. The path is not part of it: errors travel to logs.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried.
    public var operation: String
    /// The system's error number.
    public var code: Int32

    init(_ operation: String) {
        self.operation = operation
        code = errno
    }

    /// A failure with a number of one's own, for doubles of the file system.
    public init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// The failure of a call on a file system without room: no block, no quota, or no inode left.
    public static let noSpace = FileError("write", code: ENOSPC)

    /// The failure of a call that would take more than is allowed.
    public static let overQuota = FileError("write", code: EDQUOT)

    /// The failure of a call on a file that is not there.
    public static let missing = FileError("open", code: ENOENT)

    /// Whether there is no room left.
    public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }

    /// Whether there may be room, and it is not allowed to be taken.
    public var isOverQuota: Bool { code == EDQUOT }

    /// Whether the file is not there.
    public var isMissing: Bool { code == ENOENT }

    /// The operation and the system's words.
    public var description: String { "\(operation): \(String(cString: strerror(code)))" }
}
