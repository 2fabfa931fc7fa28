/// The `deploy` section.
public struct ComposeDeploy: Sendable, Hashable {
    public var limits: ComposeResources?
    public var reservations: ComposeResources?

    /// Nothing is bounded.
    public init() {}
}

/// Amounts of the machine's resources.
public struct ComposeResources: Sendable, Hashable {
    /// Processors.
    public var cpus: Double?
    public var memoryBytes: Int?
    /// Processes and threads.
    public var pids: Int?

    /// Nothing is said.
    public init() {}
}

/// A limit of the shell's `ulimit`.
public struct ComposeUlimit: Sendable, Hashable {
    /// The limit that the process may raise up to `hard`.
    public var soft: Int
    /// The limit that it cannot raise.
    public var hard: Int

    /// Both limits.
    public init(soft: Int, hard: Int) {
        self.soft = soft
        self.hard = hard
    }
}
