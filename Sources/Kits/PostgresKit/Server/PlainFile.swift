import CPostgres
import Glibc

/// Small files, written and read without following what others may have put in their place.
public enum PlainFile {
    /// Bytes that ``text(of:)`` reads at most.
    public static let textBytesMax = 64 << 10

    /// Puts a file with this text in place, whole or not at all. `reader` and its group may read it.
    public static func write(_ text: String, to path: String, reader: SystemAccount) throws(FileSystemError) {
        let unfinished = path + ".new"
        guard unlink(unfinished) == 0 || errno == ENOENT else { throw FileSystemError("unlink", unfinished) }
        let descriptor = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileSystemError("open", unfinished) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw FileSystemError("write", unfinished)
        }
        let isGiven = geteuid() != 0 || fchown(descriptor, geteuid(), reader.groupID) == 0
        guard isGiven, fchmod(descriptor, 0o640) == 0, fsync(descriptor) == 0 else {
            throw FileSystemError("chown", unfinished)
        }
        // Takes the place of a link instead of following it.
        guard rename(unfinished, path) == 0 else { throw FileSystemError("rename", path) }
    }

    /// The beginning of a plain file; nil where there is none, or something else.
    public static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: textBytesMax) { buffer, filled in
            filled = max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Removes a file or a link, if it is there; a folder stays.
    public static func remove(_ path: String) throws(FileSystemError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileSystemError("unlink", path) }
    }
}
