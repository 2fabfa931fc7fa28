public import ProjectModel

/// The template versions of a project before a transition.
public struct PinnedVersions: Sendable, Equatable {
    /// The version that it is pinned to.
    public var template: TemplateDigest?
    /// The version that it is on its way to.
    public var upgrade: TemplateDigest?

    public init(template: TemplateDigest? = nil, upgrade: TemplateDigest? = nil) {
        self.template = template
        self.upgrade = upgrade
    }
}

extension StatusTransition {
    /// The event of the transition. Stores write it in the same transaction.
    ///
    /// - Parameters:
    ///   - versions: What the project was pinned to before.
    ///   - operation: The operation that was in progress before.
    public func event(
        of versions: PinnedVersions = PinnedVersions(), during operation: ProjectOperation? = nil
    ) -> ProjectEvent {
        var facts = EventFacts()
        facts.statusBefore = from
        facts.statusAfter = to
        facts.operation = opens?.id ?? operation?.id
        facts.actor = [requester, opens?.requestedBy, operation?.requestedBy].lazy.compactMap { $0 }
            .first { !$0.isEmpty }
        (facts.templateBefore, facts.templateAfter) = way(from: versions)
        facts.failure = failure
        return ProjectEvent(
            at: at, status: to, cause: cause, kind: from == to ? .stateNoted : .statusChanged, facts: facts)
    }

    /// Where a change of version leads from and to; nothing for other transitions.
    private func way(from versions: PinnedVersions) -> (TemplateDigest?, TemplateDigest?) {
        switch (from, to) {
        case (_, .upgrading): (versions.template, upgrade?.template ?? versions.upgrade)
        case (.upgrading, .active), (.upgrading, .degraded): (versions.template, versions.upgrade)
        case (_, .reverting), (.reverting, .active), (.reverting, .degraded): (versions.upgrade, versions.template)
        default: template.map { (versions.template, $0) } ?? (nil, nil)
        }
    }
}
