extension DockerClient {
    /// The present resource use of a running container. Maps to `GET /containers/{id}/stats?stream=false&one-shot=true`.
    ///
    /// One reading only: processor use is the difference between two of them.
    public func stats(of id: String) async throws(DockerError) -> ContainerStats {
        var call = try containerCall("GET", id: id, rest: "/stats")
        call.query = [("stream", "false"), ("one-shot", "true")]
        return try await wire.document(ContainerStats.self, call)
    }
}

/// The resource use of a container; zeros when it does not run.
public struct ContainerStats: Sendable, Equatable, Decodable {
    /// When it was read.
    public let readAt: EngineTimestamp?
    /// Processor time since it was started.
    public let processorNanoseconds: UInt64
    /// Processor time of the whole host, for comparison.
    public let hostProcessorNanoseconds: UInt64
    /// The processors that it can use.
    public let processors: Int
    /// Memory without the page cache that can be dropped at once, as `docker stats` shows it.
    public let memoryBytes: UInt64
    /// How much memory it may use: its limit, or the host's memory.
    public let memoryLimitBytes: UInt64
    /// Processes and threads.
    public let processes: Int
    /// Bytes that it received, over all networks.
    public let receivedBytes: UInt64
    /// Bytes that it sent, over all networks.
    public let sentBytes: UInt64
    public let diskReadBytes: UInt64
    /// Bytes that it wrote to disks.
    public let diskWrittenBytes: UInt64

    enum CodingKeys: String, CodingKey {
        case read, networks
        case processor = "cpu_stats"
        case memory = "memory_stats"
        case processes = "pids_stats"
        case disks = "blkio_stats"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let read = try container.decodeIfPresent(EngineTimestamp.self, forKey: .read)
        readAt = read.flatMap { $0.isNever ? nil : $0 }
        let processor = try container.decodeIfPresent(ProcessorStats.self, forKey: .processor)
        processorNanoseconds = processor?.usage?.total ?? 0
        hostProcessorNanoseconds = processor?.host ?? 0
        processors = processor?.processors ?? 0
        let memory = try container.decodeIfPresent(MemoryStats.self, forKey: .memory)
        memoryBytes = memory?.withoutCache ?? 0
        memoryLimitBytes = memory?.limit ?? 0
        processes = try container.decodeIfPresent(ProcessStats.self, forKey: .processes)?.current ?? 0
        let networks = try container.value(.networks, default: [String: NetworkStats]()).values
        receivedBytes = networks.reduce(0) { $0 &+ ($1.received ?? 0) }
        sentBytes = networks.reduce(0) { $0 &+ ($1.sent ?? 0) }
        let disks = try container.decodeIfPresent(DiskStats.self, forKey: .disks)?.transfers ?? []
        diskReadBytes = disks.reduce(0) { $0 &+ ($1.kind.lowercased() == "read" ? $1.bytes : 0) }
        diskWrittenBytes = disks.reduce(0) { $0 &+ ($1.kind.lowercased() == "write" ? $1.bytes : 0) }
    }
}

// The parts of the answer that are flattened above.

private struct ProcessorStats: Decodable {
    struct Usage: Decodable {
        let total: UInt64?
        enum CodingKeys: String, CodingKey { case total = "total_usage" }
    }
    let usage: Usage?
    let host: UInt64?
    let processors: Int?

    enum CodingKeys: String, CodingKey {
        case usage = "cpu_usage"
        case host = "system_cpu_usage"
        case processors = "online_cpus"
    }
}

private struct MemoryStats: Decodable {
    let usage: UInt64?
    let limit: UInt64?
    let details: [String: UInt64]?

    enum CodingKeys: String, CodingKey {
        case usage, limit
        case details = "stats"
    }

    /// The inactive file cache has one name with cgroup 1 and another with cgroup 2.
    var withoutCache: UInt64? {
        let cache = details?["total_inactive_file"] ?? details?["inactive_file"] ?? 0
        return usage.map { $0 > cache ? $0 - cache : $0 }
    }
}

private struct ProcessStats: Decodable {
    let current: Int?
}

private struct NetworkStats: Decodable {
    let received: UInt64?
    let sent: UInt64?

    enum CodingKeys: String, CodingKey {
        case received = "rx_bytes"
        case sent = "tx_bytes"
    }
}

private struct DiskStats: Decodable {
    struct Transfer: Decodable {
        let kind: String
        let bytes: UInt64

        enum CodingKeys: String, CodingKey {
            case kind = "op"
            case bytes = "value"
        }
    }
    let transfers: [Transfer]?

    enum CodingKeys: String, CodingKey { case transfers = "io_service_bytes_recursive" }
}
