import Glibc

/// The room on the disk of a folder.
enum FolderSpace {
    /// Bytes that are free for users without rights of their own; nil where that cannot be told.
    static func freeBytes(_ path: String) -> Int64? {
        var space = statvfs()
        guard unsafe statvfs(path, &space) == 0 else { return nil }
        return Int64(clamping: UInt64(space.f_bavail) &* UInt64(space.f_frsize))
    }
}
