import Glibc

/// Names in folders. All calls block: run them by ``FileWorkers``.
public enum DiskFolder {
    private static let mode: mode_t = 0o700

    /// A file of a folder.
    public struct Entry: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its bytes.
        public var size: Int
        /// Seconds since the epoch of its last change, its name included.
        public var changed: Double
    }

    /// Makes a folder and those above it.
    public static func make(_ path: String) throws(FileError) {
        if mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw FileError("mkdir")
        }
        try make(String(path[..<slash]))
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw FileError("mkdir") }
    }

    /// Lets every user read a file, or list and pass through a folder.
    public static func admitReaders(to path: String) throws(FileError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError("stat") }
        let mode: mode_t = status.st_mode & S_IFMT == S_IFDIR ? 0o755 : 0o644
        guard chmod(path, mode) == 0 else { throw FileError("chmod") }
    }

    /// Returns when the names in a folder are on the disk.
    public static func sync(_ path: String) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open") }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError("sync") }
    }

    /// Gives a file another name.
    public static func rename(_ path: String, to other: String) throws(FileError) {
        guard Glibc.rename(path, other) == 0 else { throw FileError("rename") }
    }

    /// Gives a file a second name, which lasts when the first one is removed.
    public static func link(_ path: String, as other: String) throws(FileError) {
        guard Glibc.link(path, other) == 0 else { throw FileError("link") }
    }

    /// Removes a file's name. The bytes of the file; nil where it was not there.
    @discardableResult
    public static func remove(_ path: String) throws(FileError) -> Int? {
        var status = stat()
        if lstat(path, &status) == 0, unlink(path) == 0 { return Int(status.st_size) }
        guard errno == ENOENT else { throw FileError("remove") }
        return nil
    }

    /// Whether a folder is there.
    public static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The names of the folders in a folder; none where there is no folder.
    public static func folders(in path: String) throws(FileError) -> [String] {
        try names(in: path).filter { name in
            var status = stat()
            return lstat(path + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }

    /// The regular files of a folder; none where there is no folder.
    public static func files(in path: String) throws(FileError) -> [Entry] {
        try names(in: path).compactMap { name in
            var status = stat()
            // A file that has gone since is none.
            guard lstat(path + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
            let changed = Double(status.st_ctim.tv_sec) + Double(status.st_ctim.tv_nsec) / 1e9
            return Entry(name: name, size: Int(status.st_size), changed: changed)
        }
    }

    private static func names(in path: String) throws(FileError) -> [String] {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return [] }
            throw FileError("open")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
