import ProjectModel
import Reconciler

/// A full list of what store and engine have, and which projects it gives a reason to look at. Events and announcements
/// are hints that may be lost; what they would have told is seen here, without looking at what is as it was.
struct Relist: Sendable {
    /// What a look rested on. The same again leads to the same.
    struct Basis: Sendable, Equatable {
        var outline: RecordOutline
        var fingerprint: StackFingerprint
    }

    /// Lists in which each project is looked at once though nothing speaks for it: a bound for what a look finds and no
    /// list shows.
    static let roundsUntilLookedAt = 20

    /// Projects that the store does not have as deleted.
    let outlines: [ProjectRef: RecordOutline]
    /// Projects of which the engine holds anything.
    let fingerprints: [ProjectRef: StackFingerprint]

    init(_ outlines: [ProjectRef: RecordOutline], _ fingerprints: [ProjectRef: StackFingerprint]) {
        self.outlines = outlines
        self.fingerprints = fingerprints
    }

    /// Projects to look at, in order: those that are new, on their way or changed since their last look, and in turn a
    /// part of the others.
    ///
    /// - Parameter basis: What the last look at a project rested on; nil if it was not carried through.
    func due(inRound round: Int, basis: (ProjectRef) -> Basis?) -> [ProjectRef] {
        Set(outlines.keys).union(fingerprints.keys).sorted().enumerated().filter { number, ref in
            guard let known = basis(ref), known.outline.status.isSteady else { return true }
            return known.fingerprint != fingerprints[ref] ?? StackFingerprint()
                || outlines[ref].map { $0 != known.outline } ?? (known.outline.status != .deleted)
                || number % Self.roundsUntilLookedAt == round % Self.roundsUntilLookedAt
        }.map(\.element)
    }
}

extension RecordOutline {
    /// Of a project that the store does not have: as good as deleted.
    static let unknown = RecordOutline(
        status: .deleted, configurationRevision: 0, updatedAt: Timestamp(milliseconds: 0))
}

extension ProjectStatus {
    /// Whether a project stays in this status until something happens.
    fileprivate var isSteady: Bool {
        switch self {
        case .active, .paused, .failed, .deleted: true
        case .provisioning, .starting, .degraded, .pausing, .resuming, .restarting, .upgrading, .reverting: false
        case .rollingBack, .deleting: false
        }
    }
}
