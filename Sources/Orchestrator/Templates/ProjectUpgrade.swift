public import ProjectModel

/// What a project is on its way to. The record's own template and services stay those of before until the upgrade has
/// come to its end: what the engine should hold is told by the status and these two, at any moment.
public struct ProjectUpgrade: Sendable, Equatable {
    /// The template version that it gets; it is stored.
    public var template: TemplateDigest
    /// The services that it gets.
    public var services: [ServiceName]

    /// A target.
    public init(template: TemplateDigest, services: [ServiceName]) {
        self.template = template
        self.services = services
    }
}

extension ProjectRecord {
    /// The record with the template version and the services that the engine should hold now: those of the target while
    /// the project is UPGRADING, those of before in every other status.
    public var inForce: ProjectRecord {
        guard status == .upgrading, let upgrade else { return self }
        var record = self
        record.template = upgrade.template
        record.services = upgrade.services
        return record
    }
}

extension StatusTransition {
    /// What a transition does to an upgrade.
    public enum UpgradeEnd: Sendable, Equatable {
        /// It is under way, or there is none.
        case none
        /// The target becomes what the project has.
        case completes
        /// The target is forgotten.
        case forgets
    }

    /// What becomes of the upgrade that is under way. Stores do this in the transaction of the transition. An upgrade
    /// that ends as DEGRADED had no version to go back to.
    public var endOfUpgrade: UpgradeEnd {
        switch (from, to) {
        case (_, .upgrading), (_, .reverting): .none
        case (.upgrading, .active), (.upgrading, .degraded): .completes
        default: .forgets
        }
    }
}
