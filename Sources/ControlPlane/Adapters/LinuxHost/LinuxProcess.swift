import Glibc
public import Orchestrator

/// The kernel's data about this process.
public struct LinuxProcess: Sendable {
    private let folder: ProcFolder

    /// Figures of one moment.
    public struct Figures: Sendable, Equatable {
        /// Processor time in seconds, user and system mode.
        public let cpuSeconds: Double
        /// Memory in RAM in bytes.
        public let residentBytes: Int64
        /// Open descriptors, without the one that counted them.
        public let openDescriptors: Int
    }

    /// Reads below `procFolder`, the mount point of the proc file system.
    public init(procFolder: String = "/proc") { folder = ProcFolder(path: procFolder) }

    /// Reads the figures of this moment.
    public func figures() throws(HostError) -> Figures {
        var usage = rusage()
        // SAFETY: the structure is ours and used during the call only.
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else {
            throw HostError("the processor time of this process cannot be asked: errno \(errno)")
        }
        let times = [usage.ru_utime, usage.ru_stime].map { Double($0.tv_sec) + Double($0.tv_usec) / 1e6 }
        let pages = try folder.read("self/statm") { bytes throws(MalformedLine) -> Int64 in
            let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
            guard fields.count > 1, let pages = Int64(fields[1]) else {
                throw MalformedLine(number: 1, reason: "the second field is no number of pages")
            }
            return pages
        }
        return Figures(
            cpuSeconds: times.reduce(0, +), residentBytes: pages * Int64(sysconf(Int32(_SC_PAGESIZE))),
            openDescriptors: try descriptors())
    }

    private func descriptors() throws(HostError) -> Int {
        // SAFETY: the handle is closed before this returns; of each entry only the first byte of its name is read.
        guard let handle = unsafe opendir("\(folder.path)/self/fd") else {
            throw HostError("the descriptors of this process cannot be listed: errno \(errno)")
        }
        defer { unsafe closedir(handle) }
        var count = 0
        while let entry = unsafe readdir(handle) {
            if unsafe entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return max(0, count - 1)
    }
}
