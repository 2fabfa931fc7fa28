import FoundationEssentials
import Glibc

/// A file that its owner alone can read, in a folder that its owner alone can enter. No pointer leaves the marked
/// calls: they get strings, arrays with their counts, or a value that they fill in.
enum PrivateFile {
    private static let fileMode: mode_t = 0o600
    private static let folderMode: mode_t = 0o700

    /// The bytes of a file; nil when there is none.
    static func read(_ path: String, bytesMax: Int) throws(ClientError) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw problem("cannot be opened", path: path, number: errno)
        }
        defer { close(descriptor) }
        try check(descriptor, path)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw problem("cannot be read", path: path, number: errno) }
            guard count > 0 else { return bytes }
            guard bytes.count + count <= bytesMax else { throw .credentials("\(path) is too large to be one of ours") }
            bytes += chunk.prefix(count)
        }
    }

    /// Checks owner and mode of the open file, so that it cannot be exchanged in between.
    private static func check(_ descriptor: Int32, _ path: String) throws(ClientError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw problem("cannot be read", path: path, number: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .credentials("\(path) is not a file") }
        guard status.st_uid == geteuid() else {
            throw .credentials("\(path) belongs to another user: remove it and sign in again")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .credentials(
                "\(path) can be read or changed by others, so its tokens may be known to them: "
                    + "run `chmod 600 \(path)`, and sign in again if others use this machine")
        }
    }

    /// Writes a new file beside the old one, and puts it in its place when it is whole.
    static func replace(_ path: String, with bytes: [UInt8]) throws(ClientError) {
        try prepareFolder(of: path)
        let unfinished = "\(path).\(UUID().uuidString)"
        let descriptor = unsafe open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, fileMode)
        guard descriptor >= 0 else { throw problem("cannot be written", path: path, number: errno) }
        do throws(ClientError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw problem("cannot be written", path: path, number: errno) }
        } catch {
            _ = unsafe unlink(unfinished)
            throw error
        }
        guard unsafe rename(unfinished, path) == 0 else {
            let number = errno
            _ = unsafe unlink(unfinished)
            throw problem("cannot be replaced", path: path, number: number)
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(ClientError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = unsafe Glibc.write(descriptor, rest, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw problem("cannot be written", path: path, number: errno) }
            rest.removeFirst(count)
        }
    }

    /// Makes the folder, or closes it to others when it is there.
    private static func prepareFolder(of path: String) throws(ClientError) {
        guard let slash = path.lastIndex(of: "/") else { throw .credentials("\(path) is not an absolute path") }
        let folder = String(path[..<slash])
        let parent = folder.lastIndex(of: "/").map { String(folder[..<$0]) } ?? ""
        if !parent.isEmpty {
            do { try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true) } catch {
                throw .credentials("the folder \(parent) cannot be made")
            }
        }
        guard unsafe mkdir(folder, folderMode) == 0 || errno == EEXIST else {
            throw problem("cannot be made", path: folder, number: errno)
        }
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw problem("cannot be opened", path: folder, number: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_uid == geteuid() else {
            throw .credentials("the folder \(folder) belongs to another user")
        }
        guard status.st_mode & 0o077 == 0 || fchmod(descriptor, folderMode) == 0 else {
            throw problem("cannot be closed to others", path: folder, number: errno)
        }
    }

    private static func problem(_ what: String, path: String, number: Int32) -> ClientError {
        let reason =
            switch number {
            case EACCES, EPERM: "permission denied"
            case ENOSPC, EDQUOT: "the disk is full"
            case EROFS: "the disk is read-only"
            default: "error \(number)"
            }
        return .credentials("\(path) \(what): \(reason)")
    }
}
