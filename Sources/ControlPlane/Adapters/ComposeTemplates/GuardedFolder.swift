import FoundationEssentials
import Glibc
import ProjectModel

/// A folder whose files are read and written without following a symbolic link at any level below it: a link in a
/// template, or one that a container left in its project's folder, leads nowhere.
struct GuardedFolder: Sendable {
    /// The kind of a file.
    enum Kind: Sendable, Hashable {
        case file
        case folder
    }

    /// Absolute path of the folder. The path to it may contain links: they are the caller's choice.
    let path: String

    /// What stands at `relative`; nil where there is nothing.
    /// - Throws: `GuardedFolderError` for links, devices, sockets and the like.
    func kind(of relative: String) throws(GuardedFolderError) -> Kind? {
        guard let descriptor = try open(relative, O_RDONLY) else { return nil }
        defer { close(descriptor) }
        return try kind(of: descriptor, relative)
    }

    /// The bytes of the file at `relative`; nil where there is nothing.
    /// - Throws: `GuardedFolderError`, also for what is no regular file or has more than `maximum` bytes.
    func contents(of relative: String, atMost maximum: Int) throws(GuardedFolderError) -> Data? {
        guard let descriptor = try open(relative, O_RDONLY) else { return nil }
        defer { close(descriptor) }
        guard try kind(of: descriptor, relative) == .file else {
            throw GuardedFolderError(path: relative, reason: .notRegular)
        }
        var bytes = Data()
        var chunk = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            // SAFETY: the array is used during the call only, with its own count.
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw GuardedFolderError(path: relative, reason: .system(errno)) }
            guard count > 0 else { return bytes }
            guard bytes.count <= maximum - count else {
                throw GuardedFolderError(path: relative, reason: .tooLarge(maximum))
            }
            bytes.append(contentsOf: chunk.prefix(count))
        }
    }

    /// The names in the folder at `relative`, sorted.
    func names(in relative: String) throws(GuardedFolderError) -> [String] {
        guard let descriptor = try open(relative, O_RDONLY | O_DIRECTORY) else {
            throw GuardedFolderError(path: relative, reason: .system(ENOENT))
        }
        defer { close(descriptor) }
        do {
            // The descriptor's own name: the folder that was opened, even if its path now leads elsewhere.
            return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd/\(descriptor)").sorted()
        } catch { throw GuardedFolderError(path: relative, reason: .unlistable) }
    }
}

// MARK: Steps

extension GuardedFolder {
    static func parts(of relative: String) -> [String] {
        relative.pieces(at: "/").filter { !$0.isEmpty && $0 != "." }
    }

    /// Opens what stands at `relative`, part by part; nil where there is nothing.
    private func open(_ relative: String, _ flags: Int32) throws(GuardedFolderError) -> Int32? {
        let parts = Self.parts(of: relative)
        // SAFETY: the path is used during the call only.
        var folder = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return try missing(relative) }
        for (index, part) in parts.enumerated() {
            guard part != ".." else {
                close(folder)
                throw GuardedFolderError(path: relative, reason: .outside)
            }
            let isLast = index == parts.count - 1
            // Without O_NONBLOCK the opening of a pipe waits for its other end.
            let kind = isLast ? flags | O_NONBLOCK : O_RDONLY | O_DIRECTORY
            // SAFETY: the name is used during the call only.
            let next = unsafe openat(folder, part, kind | O_NOFOLLOW | O_CLOEXEC)
            let (failure, isLink) = (errno, next < 0 && Self.isLink(part, in: folder))
            close(folder)
            guard next >= 0 else {
                if isLink {
                    throw GuardedFolderError(path: relative, reason: .link(parts[...index].joined(separator: "/")))
                }
                errno = failure
                return try missing(relative)
            }
            folder = next
        }
        return folder
    }

    /// Nil where the last call found nothing, else its error.
    private func missing(_ relative: String) throws(GuardedFolderError) -> Int32? {
        guard errno == ENOENT || errno == ENOTDIR else {
            throw GuardedFolderError(path: relative, reason: errno == ENXIO ? .notRegular : .system(errno))
        }
        return nil
    }

    static func isLink(_ name: String, in folder: Int32) -> Bool {
        var status = stat()
        // SAFETY: both are used during the call only; the structure is ours.
        return unsafe fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private func kind(of descriptor: Int32, _ relative: String) throws(GuardedFolderError) -> Kind {
        var status = stat()
        // SAFETY: the structure is ours and used during the call only.
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw GuardedFolderError(path: relative, reason: .system(errno))
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .folder
        default: throw GuardedFolderError(path: relative, reason: .notRegular)
        }
    }
}
