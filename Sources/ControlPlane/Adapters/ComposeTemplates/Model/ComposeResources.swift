/// The `deploy` section.
public struct ComposeDeploy: Sendable, Hashable {
    /// The limits.
    public var limits: ComposeResources?
    /// The reservations.
    public var reservations: ComposeResources?

    /// Nothing is bounded.
    public init() {}
}

/// Amounts of the machine's resources.
public struct ComposeResources: Sendable, Hashable {
    /// Processors.
    public var cpus: Double?
    /// Memory in bytes.
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
