import CPostgres
import Glibc

/// A call to the file system failed: which, on what, and why.
public struct FileSystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The path concerned.
    public let path: String

    /// The problem.
    public let reason: String

    /// The message: one sentence.
    public var description: String { "\(path): \(reason)" }

    /// Creates the error.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(_ call: String, _ path: String) {
        self.init(path: path, reason: "\(call): \(String(cString: strerror(errno)))")
    }
}

/// Folders that one user and root can enter.
public enum PrivateFolder {
    /// Makes the folder if it is not there, and gives it to `owner` with mode 700.
    ///
    /// A symbolic link, anything else than a folder, or a folder of a third user is refused: in a shared place such as
    /// `/tmp` another user may have planted it.
    public static func prepare(_ path: String, owner: SystemAccount) throws(FileSystemError) {
        try prepare(path, owners: [owner.userID, geteuid()], user: owner.userID, group: owner.groupID, mode: 0o700)
    }

    /// Makes a folder of this program's own user that `account` may pass through without reading or changing it. A
    /// folder that belongs to `account`, as older versions left it, is taken from it.
    public static func prepare(_ path: String, passableFor account: SystemAccount) throws(FileSystemError) {
        try prepare(path, owners: [account.userID, geteuid()], user: geteuid(), group: account.groupID, mode: 0o710)
    }

    private static func prepare(
        _ path: String, owners: [uid_t], user: uid_t, group: gid_t, mode: mode_t
    ) throws(FileSystemError) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileSystemError("mkdir", path) }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileSystemError("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileSystemError("stat", path) }
        guard owners.contains(status.st_uid) else {
            throw FileSystemError(path: path, reason: "belongs to another user (id \(status.st_uid))")
        }
        if status.st_uid != user || mode & 0o070 != 0 && status.st_gid != group {
            guard fchown(descriptor, user, group) == 0 else { throw FileSystemError("chown", path) }
        }
        guard fchmod(descriptor, mode) == 0 else { throw FileSystemError("chmod", path) }
    }

    /// The first folder on the way to `path` that `account` may not pass through, or nil if it can reach `path`.
    public static func obstacle(on path: String, for account: SystemAccount) throws(FileSystemError) -> String? {
        var ancestor = ""
        for component in path.split(separator: "/").dropLast() {
            ancestor += "/" + component
            if try !mayEnter(ancestor, account) { return ancestor }
        }
        return nil
    }

    /// Lets the group of `account` pass through a folder without reading it, when the folder has no other group yet.
    ///
    /// - Returns: whether that was possible; only an own folder is changed.
    public static func admit(_ account: SystemAccount, through path: String) throws(FileSystemError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileSystemError("stat", path) }
        guard status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else { return false }
        guard chown(path, status.st_uid, account.groupID) == 0 else { throw FileSystemError("chown", path) }
        guard chmod(path, status.st_mode & 0o7777 | 0o010) == 0 else { throw FileSystemError("chmod", path) }
        return true
    }

    /// Only the bits of owner, main group and others count; the accounts that run servers have no others.
    private static func mayEnter(_ path: String, _ account: SystemAccount) throws(FileSystemError) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileSystemError("stat", path) }
        if account.userID == 0 { return true }
        if status.st_uid == account.userID { return status.st_mode & 0o100 != 0 }
        if status.st_gid == account.groupID { return status.st_mode & 0o010 != 0 }
        return status.st_mode & 0o001 != 0
    }
}

/// A lock on a file that one process at a time can hold. The system takes it back when the process ends, however it
/// ends.
public final class FileLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock; nil when another process, or another lock of this one, has it.
    public init?(_ path: String) throws(FileSystemError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileSystemError("open", path) }
        guard postgreskit_flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else {
                errno = code
                throw FileSystemError("flock", path)
            }
            return nil
        }
    }

    deinit {
        // Closing alone would leave it locked for as long as a child that is just being started holds a copy.
        _ = postgreskit_flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
