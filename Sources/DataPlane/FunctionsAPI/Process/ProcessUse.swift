/// What a process uses, as Linux tells.
public struct ProcessUse: Sendable, Equatable {
    /// Processor time of all its threads since its start, in seconds.
    public var processorSeconds: Double
    /// Memory that is its own: what it shares with others, such as the program's file, is not counted.
    public var memoryBytes: Int

    /// Ticks of a second and bytes of a page: fixed for programs on Linux, and the same on every machine that runs this.
    private static let ticksPerSecond = 100.0
    private static let pageBytes = 4_096

    /// A use.
    public init(processorSeconds: Double, memoryBytes: Int) {
        self.processorSeconds = processorSeconds
        self.memoryBytes = memoryBytes
    }

    /// Reads the files `stat` and `statm` of a process; nil where they say something else.
    public init?(stat: String, statm: String) {
        // The program's name stands in parentheses and may hold anything.
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        let pages = statm.split(separator: " ").prefix(3).compactMap { Int($0) }
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]), pages.count == 3 else {
            return nil
        }
        processorSeconds = (user + system) / Self.ticksPerSecond
        memoryBytes = max(0, pages[1] - pages[2]) * Self.pageBytes
    }
}

/// How a process ended.
public enum ProcessExit: Sendable, Equatable {
    /// With a code of its own.
    case code(Int32)
    /// By a signal.
    case signal(Int32)

    private static let trap: Int32 = 5
    private static let abort: Int32 = 6
    private static let kill: Int32 = 9

    /// Why a process ended that nobody here has stopped. V8 stops itself when its heap is full; the kernel kills what
    /// fills the container's memory.
    func refusal(_ limits: FunctionLimits) -> FunctionRefusal {
        switch self {
        case .signal(Self.trap), .signal(Self.abort), .signal(Self.kill):
            .limit(.memory(bytesMax: limits.memoryBytesMax))
        case .code, .signal: .workerError
        }
    }
}
