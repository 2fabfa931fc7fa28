public import ConsistencyModel
import Glibc
public import Orchestrator

/// The host as statvfs, `/proc/sys` and the folders themselves describe it.
public struct LinuxHostInspection: HostInspection {
    private let folder: ProcFolder

    /// Reads below `procFolder`, the mount point of the proc file system.
    public init(procFolder: String = "/proc") { folder = ProcFolder(path: procFolder) }

    /// Asks for the file system of the path, or of the closest folder above it that exists.
    public func diskSpace(under path: String) throws(HostError) -> (freeBytes: UInt64, totalBytes: UInt64) {
        var existing = path
        while true {
            var space = statvfs()
            // SAFETY: both are used during the call only; the structure is ours.
            if unsafe statvfs(existing, &space) == 0 {
                let unit = UInt64(space.f_frsize)
                return (UInt64(space.f_bavail) * unit, UInt64(space.f_blocks) * unit)
            }
            guard errno == ENOENT, let slash = existing.lastIndex(of: "/"), existing.count > 1 else {
                throw HostError("the disk under \(path) cannot be asked: errno \(errno)")
            }
            existing = slash == existing.startIndex ? "/" : String(existing[..<slash])
        }
    }

    /// Reads `/proc/sys`, and this process's own limit of open files.
    public func kernelValues() throws(HostError) -> KernelValues {
        var limit = rlimit()
        // SAFETY: the structure is ours and used during the call only.
        let isKnown = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        return KernelValues(
            forwardsIPv4: try number("sys/net/ipv4/ip_forward").map { $0 != 0 },
            inotifyInstances: try number("sys/fs/inotify/max_user_instances"),
            openFilesMax: isKnown ? Int(clamping: limit.rlim_cur) : nil)
    }

    /// Lists a folder and keeps what is a folder itself.
    public func folderNames(in path: String, limit: Int) throws(HostError) -> [String] {
        // SAFETY: the handle is closed before this returns, and each entry is copied before the next is read.
        guard let handle = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw HostError("the folder \(path) cannot be read: errno \(errno)")
        }
        defer { unsafe closedir(handle) }
        var names: [String] = []
        while names.count < limit {
            guard let entry = unsafe readdir(handle) else { break }
            let isFolder = unsafe entry.pointee.d_type == UInt8(DT_DIR)
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { byte in byte != 0 }, as: UTF8.self)
            }
            if isFolder, name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// A file with one number; nil when the kernel does not have it.
    private func number(_ name: String) throws(HostError) -> Int? {
        try folder.readIfPresent(name) { bytes throws(MalformedLine) in
            let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            guard text.count == 1, let number = Int(text[0]) else {
                throw MalformedLine(number: 1, reason: "does not hold one number")
            }
            return number
        }
    }
}
