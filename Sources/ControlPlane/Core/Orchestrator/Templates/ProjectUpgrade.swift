public import ProjectModel

/// The target of an upgrade. The record's own template and services stay the previous ones until the upgrade has
/// finished: the desired version follows from the status and these two at any moment.
public struct ProjectUpgrade: Sendable, Equatable {
    /// The template version that it gets; it is stored.
    public var template: TemplateDigest
    /// The services that it gets.
    public var services: [ServiceName]

    public init(template: TemplateDigest, services: [ServiceName]) {
        self.template = template
        self.services = services
    }
}

extension ProjectRecord {
    /// The record with the template version and the services that the engine should hold now: those of the target while
    /// the project is UPGRADING, the previous ones in every other status.
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
        /// It is in progress, or there is none.
        case none
        /// The target becomes what the project has.
        case completes
        /// The target is forgotten.
        case forgets
    }

    /// How the transition ends the upgrade in progress. Stores do this in the transaction of the transition. An upgrade
    /// that ends as DEGRADED had no version to go back to.
    public var endOfUpgrade: UpgradeEnd {
        switch (from, to) {
        case (_, .upgrading), (_, .reverting): .none
        case (.upgrading, .active), (.upgrading, .degraded): .completes
        default: .forgets
        }
    }
}
