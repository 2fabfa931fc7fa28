public import ProjectModel

/// A change of status.
public struct StatusEdge: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Status before.
    public var from: ProjectStatus
    /// Status after.
    public var to: ProjectStatus

    /// Every change that the status machine knows.
    public static var all: [StatusEdge] {
        SimulationAuditor.legal.flatMap { from, tos in tos.map { StatusEdge(from: from, to: $0) } }.sorted()
    }

    /// The text form.
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
    public var engineCalls: Int
    /// Virtual seconds that passed.
    public var seconds: Int
    public var faults: [FaultKind: Int]
    /// How often a project got each status.
    public var statuses: [ProjectStatus: Int]
    /// How often each change of status happened.
    public var edges: [StatusEdge: Int]
    /// What the auditor found; empty when all is well.
    public var violations: [String]
    /// Digest of everything that happened, in order.
    public var digest: UInt64
}
