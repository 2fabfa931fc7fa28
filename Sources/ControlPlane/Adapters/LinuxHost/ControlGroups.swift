import Glibc
public import Orchestrator

/// Control groups of the kernel: what containers use, without asking the engine, whose answer takes a hundred times as
/// long.
public struct ControlGroups: Sendable {
    private let root: String

    /// What the processes of a group use.
    public struct Figures: Sendable, Equatable {
        /// Processor time since the group was made.
        public let cpuNanoseconds: UInt64
        /// Memory without the page cache that can be dropped at once.
        public let memoryBytes: UInt64
        /// Nil where there is none, or it was not asked for.
        public var memoryLimitBytes: UInt64?
        /// Nil where the kernel does not count them, or they were not asked for.
        public var outOfMemoryKills: UInt64?
        public var processes: UInt64?
    }

    /// Reads below the mount point of the control groups.
    public init(root: String = "/sys/fs/cgroup") { self.root = root }

    private static let fileBytesMax = 1 << 16

    /// The figures of a Docker container; nil where its group is not in this file system: it has ended, or the manager
    /// does not see the host's groups.
    ///
    /// - Parameters:
    ///   - id: the whole identifier.
    ///   - isWhole: with what takes further files: the limit of memory, kills for want of it, processes.
    public func figures(ofContainer id: String, whole isWhole: Bool = false) throws(HostError) -> Figures? {
        guard id.utf8.count == 64, id.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        // The names that Docker gives with its two drivers.
        for place in ["docker/\(id)", "system.slice/docker-\(id).scope"] {
            if var found = try unified("\(root)/\(place)") {
                if isWhole { try complete(&found, unified: "\(root)/\(place)") }
                return found
            }
            if var found = try separate(place) {
                if isWhole { try complete(&found, separate: place) }
                return found
            }
        }
        return nil
    }

    /// Version 2: one hierarchy.
    private func unified(_ folder: String) throws(HostError) -> Figures? {
        guard let cpu = try text("\(folder)/cpu.stat").flatMap({ Self.field("usage_usec", in: $0) }),
            let current = try text("\(folder)/memory.current").flatMap(Self.number),
            let cache = try text("\(folder)/memory.stat").flatMap({ Self.field("inactive_file", in: $0) })
        else { return nil }
        return Figures(
            cpuNanoseconds: cpu.multipliedReportingOverflow(by: 1_000).partialValue,
            memoryBytes: current > cache ? current - cache : current)
    }

    /// Version 1: a hierarchy for each controller.
    private func separate(_ place: String) throws(HostError) -> Figures? {
        guard let cpu = try text("\(root)/cpuacct/\(place)/cpuacct.usage").flatMap(Self.number),
            let usage = try text("\(root)/memory/\(place)/memory.usage_in_bytes").flatMap(Self.number),
            let cache = try text("\(root)/memory/\(place)/memory.stat").flatMap({
                Self.field("total_inactive_file", in: $0)
            })
        else { return nil }
        return Figures(cpuNanoseconds: cpu, memoryBytes: usage > cache ? usage - cache : usage)
    }

    private func complete(_ figures: inout Figures, unified folder: String) throws(HostError) {
        // "max" is no number.
        figures.memoryLimitBytes = try text("\(folder)/memory.max").flatMap(Self.number)
        figures.outOfMemoryKills = try text("\(folder)/memory.events").flatMap { Self.field("oom_kill", in: $0) }
        figures.processes = try text("\(folder)/pids.current").flatMap(Self.number)
    }

    private func complete(_ figures: inout Figures, separate place: String) throws(HostError) {
        figures.memoryLimitBytes = try text("\(root)/memory/\(place)/memory.limit_in_bytes").flatMap(Self.number)
            .flatMap { $0 < Self.unlimitedBytes ? $0 : nil }
        figures.outOfMemoryKills = try text("\(root)/memory/\(place)/memory.oom_control").flatMap {
            Self.field("oom_kill", in: $0)
        }
        figures.processes = try text("\(root)/pids/\(place)/pids.current").flatMap(Self.number)
    }

    /// No limit, in version 1: the largest number of bytes in whole pages.
    private static let unlimitedBytes = UInt64(1) << 62

    private func text(_ file: String) throws(HostError) -> String? {
        do throws(KernelFileError) {
            return try KernelFile.bytes(of: file, bytesMax: Self.fileBytesMax).map {
                String(decoding: $0, as: UTF8.self)
            }
        } catch {
            // The group of a container that ends meanwhile has no processes to ask about.
            if error == .system(ENODEV) { return nil }
            throw HostError("\(file) \(error)")
        }
    }

    private static func number(_ text: String) -> UInt64? { UInt64(text.prefix { $0.isNumber }) }

    private static func field(_ name: String, in text: String) -> UInt64? {
        for line in text.split(separator: "\n") {
            let sides = line.split(separator: " ")
            if sides.count == 2, sides[0] == name { return UInt64(sides[1]) }
        }
        return nil
    }
}
