import COpenSSL
import Glibc

/// A file that holds one key, as raw bytes, readable by its owner alone.
public enum KeyFile {
    /// Reads a key of exactly `byteCount` bytes.
    ///
    /// - Throws: ``TokenError/keyFile(path:reason:)`` when the file is missing, no regular file, of another length, of
    ///   another user, or readable or writable by others than its owner.
    public static func read(_ path: String, byteCount: Int) throws(TokenError) -> KeyBytes {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            throw errno == ENOENT
                ? .keyFile(path: path, reason: .missing)
                : .keyFile(path: path, reason: .system(call: "open", errno: errno))
        }
        defer { close(descriptor) }
        try check(descriptor, path)
        // One byte more than expected shows a longer file without reading all of it.
        var bytes = [UInt8](repeating: 0, count: byteCount + 1)
        defer { OPENSSL_cleanse(&bytes, bytes.count) }
        let found = try readAll(descriptor, into: &bytes, path)
        guard found == byteCount else { throw .keyFile(path: path, reason: .length(found)) }
        return KeyBytes(Array(bytes.prefix(byteCount)))
    }

    /// Makes a new file with mode 600 that holds the key, durably and in one step: after a crash there is either no
    /// file of this name or a whole one. An existing file is never touched.
    ///
    /// - Throws: ``TokenError/keyFile(path:reason:)``.
    public static func create(_ path: String, holding key: KeyBytes) throws(TokenError) {
        let unfinished = path + ".new"
        // Left by a start that was cut short; it was never a key.
        unlink(unfinished)
        defer { unlink(unfinished) }
        try write(key, to: unfinished)
        // Unlike `rename`, `link` refuses to replace a file that appeared meanwhile.
        guard link(unfinished, path) == 0 else {
            throw errno == EEXIST
                ? .keyFile(path: path, reason: .exists)
                : .keyFile(path: path, reason: .system(call: "link", errno: errno))
        }
        try synchronizeFolder(of: path)
    }

    private static func write(_ key: KeyBytes, to path: String) throws(TokenError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        try require(descriptor, call: "open", path: path)
        defer { close(descriptor) }
        try require(fchmod(descriptor, 0o600), call: "fchmod", path: path)
        try writeAll(descriptor, key: key, path: path)
        try require(fsync(descriptor), call: "fsync", path: path)
    }

    private static func check(_ descriptor: Int32, _ path: String) throws(TokenError) {
        var status = stat()
        try require(fstat(descriptor, &status), call: "fstat", path: path)
        guard status.st_mode & S_IFMT == S_IFREG else { throw .keyFile(path: path, reason: .notRegular) }
        guard status.st_mode & 0o077 == 0 else {
            throw .keyFile(path: path, reason: .permissions(status.st_mode & 0o7777))
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .keyFile(path: path, reason: .owner(status.st_uid))
        }
    }

    private static func readAll(
        _ descriptor: Int32, into bytes: inout [UInt8], _ path: String
    ) throws(TokenError) -> Int {
        var found = 0
        while found < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + found }, buffer.count - found)
            }
            if count < 0 && errno == EINTR { continue }
            try require(count < 0 ? -1 : 0, call: "read", path: path)
            if count == 0 { break }
            found += count
        }
        return found
    }

    private static func writeAll(_ descriptor: Int32, key: KeyBytes, path: String) throws(TokenError) {
        var written = 0
        while written < key.count {
            let count = key.withBytes { bytes in
                Glibc.write(descriptor, bytes.map { $0 + written }, key.count - written)
            }
            if count < 0 && errno == EINTR { continue }
            try require(count < 0 ? -1 : 0, call: "write", path: path)
            written += count
        }
    }

    /// A new name in a folder survives a power failure only after the folder itself was synchronised.
    private static func synchronizeFolder(of path: String) throws(TokenError) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try require(descriptor, call: "open", path: folder)
        defer { close(descriptor) }
        try require(fsync(descriptor), call: "fsync", path: folder)
    }

    private static func require(_ status: Int32, call: String, path: String) throws(TokenError) {
        guard status >= 0 else { throw .keyFile(path: path, reason: .system(call: call, errno: errno)) }
    }
}
