public import Orchestrator

/// The kernel's figures about the host's memory.
public struct LinuxMemory: Sendable {
    private let folder: ProcFolder

    public struct Figures: Sendable, Equatable {
        public let totalBytes: UInt64
        /// What could be used without swapping, page cache that can be dropped included.
        public let availableBytes: UInt64
    }

    /// Reads below `procFolder`, the mount point of the proc file system.
    public init(procFolder: String = "/proc") { folder = ProcFolder(path: procFolder) }

    /// Reads the figures of this moment.
    public func figures() throws(HostError) -> Figures {
        try folder.read("meminfo") { bytes throws(MalformedLine) in
            var found: [String: UInt64] = [:]
            try ProcLines.forEach(in: bytes) { line, number throws(MalformedLine) in
                guard let fields = ProcLines.fields(line, count: 2) else { return }
                let name = String(decoding: fields[0], as: UTF8.self)
                guard name == "MemTotal:" || name == "MemAvailable:" else { return }
                let (bytes, overflow) =
                    (UInt64(String(decoding: fields[1], as: UTF8.self)) ?? .max).multipliedReportingOverflow(by: 1_024)
                guard !overflow else { throw MalformedLine(number: number, reason: "the second field is no number") }
                found[name] = bytes
            }
            guard let total = found["MemTotal:"], let available = found["MemAvailable:"] else {
                throw MalformedLine(number: 1, reason: "MemTotal or MemAvailable is missing")
            }
            return Figures(totalBytes: total, availableBytes: available)
        }
    }
}
