import ProjectModel
import Reconciler

/// A full list of what store and engine have, and for which projects it is a reason for a pass. Events and
/// announcements are hints that may be lost; lost changes are detected here, without a pass over unchanged projects.
struct Relist: Sendable {
    /// What a pass rested on. The same again leads to the same.
    struct Basis: Sendable, Equatable {
        var outline: RecordOutline
        var fingerprint: StackFingerprint
    }

    /// Lists after which a project has a pass although nothing changed: a bound for changes that a pass finds and no
    /// list shows.
    static let roundsUntilPass = 20

    /// Projects that the store does not have as deleted.
    let outlines: [ProjectRef: RecordOutline]
    /// Projects with objects on the engine.
    let fingerprints: [ProjectRef: StackFingerprint]

    init(_ outlines: [ProjectRef: RecordOutline], _ fingerprints: [ProjectRef: StackFingerprint]) {
        self.outlines = outlines
        self.fingerprints = fingerprints
    }

    /// Projects that need a pass, in order: those that are new, on their way or changed since their last one, and in
    /// turn a part of the others.
    ///
    /// - Parameter basis: What the last pass over a project rested on; nil if it was not carried through.
    func due(inRound round: Int, basis: (ProjectRef) -> Basis?) -> [ProjectRef] {
        Set(outlines.keys).union(fingerprints.keys).sorted().enumerated().filter { number, ref in
            guard let known = basis(ref), known.outline.status.isSteady else { return true }
            return known.fingerprint != fingerprints[ref] ?? StackFingerprint()
                || outlines[ref].map { $0 != known.outline } ?? (known.outline.status != .deleted)
                || number % Self.roundsUntilPass == round % Self.roundsUntilPass
        }.map(\.element)
    }
}

extension RecordOutline {
    /// A project without a record: treated as deleted.
    static let unknown = RecordOutline(
        status: .deleted, configurationRevision: 0, updatedAt: Timestamp(milliseconds: 0))
}

extension ProjectStatus {
    /// Whether a project stays in this status until something happens.
    fileprivate var isSteady: Bool {
        switch self {
        case .active, .paused, .failed, .deleted: true
        case .provisioning, .starting, .degraded, .pausing, .resuming, .restarting, .upgrading, .reverting: false
        case .restoring, .rollingBack, .deleting: false
        }
    }
}
