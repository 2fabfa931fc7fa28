import CPostgres
import Glibc

/// The log that a server writes through a descriptor of its owner's: the server itself opens no file, and the owner
/// opens none in a folder that another user can change.
///
/// Its size is bounded while the server runs: ``rotate()`` moves what is there to one older file and empties the log.
/// The server appends (`O_APPEND`), so its next line is the first of the emptied file. A line that is written between
/// the two steps is lost.
public final class ServerLog: Sendable {
    private static let copiedAtOnceBytes = 64 << 10

    /// The log's path.
    public let path: String
    /// The path of the older part of the log.
    public var olderPath: String { path + ".1" }
    /// The descriptor for the server's output.
    public let descriptor: Int32

    /// Opens the log for appending, and makes it with mode 600 if it is not there. What is no plain file of this user
    /// alone, a symbolic link for instance, is removed first and never opened for writing.
    public init(_ path: String) throws(FileSystemError) {
        self.path = path
        if let existing = try Self.open(path, O_RDWR) {
            descriptor = existing
            return
        }
        guard unlink(path) == 0 || errno == ENOENT else { throw FileSystemError("unlink", path) }
        guard let made = try Self.open(path, O_RDWR | O_CREAT | O_EXCL) else {
            throw FileSystemError(path: path, reason: "is no plain file of this user")
        }
        descriptor = made
    }

    deinit { close(descriptor) }

    /// Bytes in the log at the moment.
    public var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Keeps the present log as the older part, replacing the previous one, and empties the log.
    public func rotate() throws(FileSystemError) {
        guard unlink(olderPath) == 0 || errno == ENOENT else { throw FileSystemError("unlink", olderPath) }
        guard let older = try Self.open(olderPath, O_WRONLY | O_CREAT | O_EXCL) else {
            throw FileSystemError(path: olderPath, reason: "is no plain file of this user")
        }
        defer { close(older) }
        var position = 0
        let end = size
        while position < end {
            let bytes = read(from: position, atMost: min(Self.copiedAtOnceBytes, end - position))
            guard !bytes.isEmpty else { break }
            guard write(older, bytes, bytes.count) == bytes.count else { throw FileSystemError("write", olderPath) }
            position += bytes.count
        }
        guard ftruncate(descriptor, 0) == 0 else { throw FileSystemError("truncate", path) }
    }

    /// What was written since the log had `start` bytes, its last `limit` bytes at most.
    public func text(from start: Int, atMost limit: Int) -> String {
        let end = size
        // A rotation in between: what is there now is all newer than that.
        let first = max(start <= end ? start : 0, end - limit)
        return String(decoding: read(from: first, atMost: end - first), as: UTF8.self)
    }

    private func read(from position: Int, atMost count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            filled = max(0, pread(descriptor, buffer.baseAddress, buffer.count, off_t(position)))
        }
    }

    /// A plain file of this user that has no second name; nil for anything else that is there.
    private static func open(_ path: String, _ flags: Int32) throws(FileSystemError) -> Int32? {
        let descriptor = Glibc.open(path, flags | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else {
            guard [ENOENT, ELOOP, EISDIR, ENXIO, EACCES].contains(errno) else { throw FileSystemError("open", path) }
            return nil
        }
        var status = stat()
        let isOwn =
            fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
            && status.st_nlink == 1
        guard isOwn, fchmod(descriptor, 0o600) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
