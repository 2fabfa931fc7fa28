public import ProjectModel

/// A change of status.
public struct StatusEdge: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Status before.
    public var from: ProjectStatus
    /// Status after.
    public var to: ProjectStatus

    /// In words.
    public var description: String { "\(from.rawValue)→\(to.rawValue)" }

    /// By name.
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// What one seed did and what the auditor found.
public struct SimulationReport: Sendable, Equatable {
    /// The seed; the same seed gives the same report.
    public var seed: UInt64
    /// Things that users, the world and the manager did.
    public var steps: Int
    /// Calls to the engine.
    public var engineCalls: Int
    /// Virtual seconds that passed.
    public var seconds: Int
    /// Faults by kind.
    public var faults: [FaultKind: Int]
    /// Statuses that projects had.
    public var statuses: Set<ProjectStatus>
    /// Changes of status that happened.
    public var edges: Set<StatusEdge>
    /// What the auditor found; empty when all is well.
    public var violations: [String]
    /// Digest of everything that happened, in order.
    public var digest: UInt64
}
