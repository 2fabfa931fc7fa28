import FoundationEssentials
import Glibc

extension GuardedFolder {
    /// Writes a file in place, so that a container that mounts it sees it; folders above it are made. What stands in
    /// its place and is no regular file is removed first, and equal content is left alone.
    func write(_ data: Data, to relative: String) throws(GuardedFolderError) {
        let parts = Self.parts(of: relative)
        guard let name = parts.last else { throw GuardedFolderError(path: relative, reason: .notRegular) }
        let folder = try makeFolders(parts.dropLast(), of: relative)
        defer { close(folder) }
        if try isFile(name, in: folder, relative), try holds(data, relative) { return }
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        // SAFETY: the name is used during the call only.
        let descriptor = unsafe openat(folder, name, flags, 0o644)
        guard descriptor >= 0 else { throw GuardedFolderError(path: relative, reason: .system(errno)) }
        defer { close(descriptor) }
        guard fchmod(descriptor, 0o644) == 0 else { throw GuardedFolderError(path: relative, reason: .system(errno)) }
        try writeAll(data, to: descriptor, relative)
    }

    /// Opens the folder above a file, making what is missing of the way there.
    private func makeFolders(
        _ parts: some Sequence<String>, of relative: String
    ) throws(GuardedFolderError) -> Int32 {
        // SAFETY: the path is used during the call only.
        var folder = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw GuardedFolderError(path: relative, reason: .system(errno)) }
        for part in parts {
            guard part != ".." else {
                close(folder)
                throw GuardedFolderError(path: relative, reason: .outside)
            }
            // SAFETY: the names are used during the calls only.
            if unsafe mkdirat(folder, part, 0o755) == 0 { unsafe fchmodat(folder, part, 0o755, 0) }
            let next = unsafe openat(folder, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let (failure, isLink) = (errno, next < 0 && Self.isLink(part, in: folder))
            close(folder)
            guard next >= 0 else {
                throw GuardedFolderError(path: relative, reason: isLink ? .link(part) : .system(failure))
            }
            folder = next
        }
        return folder
    }

    /// Whether a regular file stands there; anything else but a folder is removed.
    private func isFile(_ name: String, in folder: Int32, _ relative: String) throws(GuardedFolderError) -> Bool {
        var status = stat()
        // SAFETY: both are used during the calls only; the structure is ours.
        guard unsafe fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        if status.st_mode & S_IFMT == S_IFREG { return true }
        guard unsafe unlinkat(folder, name, 0) == 0 else {
            throw GuardedFolderError(path: relative, reason: .system(errno))
        }
        return false
    }

    private func holds(_ data: Data, _ relative: String) throws(GuardedFolderError) -> Bool {
        do {
            return try contents(of: relative, atMost: data.count) == data
        } catch {
            guard case .tooLarge = error.reason else { throw error }
            return false
        }
    }

    private func writeAll(_ data: Data, to descriptor: Int32, _ relative: String) throws(GuardedFolderError) {
        var rest = Array(data)[...]
        while !rest.isEmpty {
            let chunk = Array(rest.prefix(1 << 20))
            // SAFETY: the array is used during the call only, with its own count.
            let count = unsafe Glibc.write(descriptor, chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw GuardedFolderError(path: relative, reason: .system(errno)) }
            rest = rest.dropFirst(count)
        }
    }
}
