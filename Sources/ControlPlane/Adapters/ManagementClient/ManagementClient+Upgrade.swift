public import ProjectModel

/// The effect of an upgrade, or of a change of services, on a project; as the API returns it.
public struct UpgradePlan: Codable, Sendable, Equatable {
    /// A service that gets a container.
    public struct Replacement: Codable, Sendable, Equatable {
        public let service: String
        /// Its image now, where it is known, and afterwards.
        public let imageBefore: String?
        /// Its image afterwards.
        public let image: String
        /// The differences, as sentences.
        public let changes: [String]

        enum CodingKeys: String, CodingKey {
            case service, image, changes
            case imageBefore = "image_before"
        }
    }

    /// Template version now, where it is known.
    public let from: String?
    /// Template version afterwards.
    public let to: String
    /// Services that get another container, and new ones, in order.
    public let replaced, added: [Replacement]
    /// Services that are removed, and those that are unchanged.
    public let removed, untouched: [String]
    /// Images that the project does not use yet. They are pulled first, those that the engine does not have.
    public let images: [String]
    /// Volumes that are kept although nothing uses them afterwards.
    public let unusedVolumes: [String]
    /// Services that do not answer for a while.
    public let interrupted: [String]
    /// Longest time that this may take.
    public let interruptionSecondsMax: Int
    /// Why it is refused.
    public let refusals: [String]

    enum CodingKeys: String, CodingKey {
        case from, to, replaced, added, removed, untouched, images, interrupted, refusals
        case unusedVolumes = "unused_volumes"
        case interruptionSecondsMax = "interruption_seconds_max"
    }

    /// The plan as lines of text.
    public var lines: [String] {
        var lines = ["Template version \(from.map { String($0.prefix(12)) } ?? "unknown") -> \(to.prefix(12))"]
        lines += images.map { "image    \($0) (pulled first if the engine does not have it)" }
        for one in replaced {
            let images =
                one.imageBefore == nil || one.imageBefore == one.image
                ? one.image : "\(one.imageBefore ?? "") -> \(one.image)"
            lines.append("replace  \(one.service): \(images) (\(one.changes.joined(separator: "; ")))")
        }
        lines += added.map { "add      \($0.service): \($0.image)" }
        lines += removed.map { "remove   \($0)" }
        if !untouched.isEmpty { lines.append("keep     \(untouched.joined(separator: ", "))") }
        if !unusedVolumes.isEmpty {
            lines.append("volumes that nothing uses afterwards are kept: \(unusedVolumes.joined(separator: ", "))")
        }
        if !interrupted.isEmpty {
            lines.append(
                "interrupted: \(interrupted.joined(separator: ", ")), for at most \(interruptionSecondsMax) s")
        }
        lines += refusals.map { "refused: \($0)" }
        return lines
    }
}

/// Whether a project can be upgraded, as the API returns it.
public struct UpgradeEligibility: Codable, Sendable, Equatable {
    /// Whether it can.
    public let eligible: Bool
    /// The plan, where there is one.
    public let plan: UpgradePlan?
    /// Why it cannot.
    public let reasons: [String]

    /// Whether the project has the installed version already: nothing is wrong, and nothing is to do.
    public var isCurrent: Bool { plan.map { $0.from == $0.to && $0.refusals.isEmpty } ?? false }
}

// Upgrades.
extension ManagementClient {
    private struct Tracking: Decodable {
        let tracking_id: String?
        let plan: UpgradePlan?
    }

    /// Whether a project can be upgraded, and what that does.
    public func upgradeEligibility(of ref: ProjectRef) async throws(ClientError) -> UpgradeEligibility {
        try await answer(.get("v1", "projects", ref.text, "upgrade", "eligibility"))
    }

    /// Begins an upgrade; gives the id of its operation.
    ///
    /// - Parameter version: The template version that was decided for, by its digest.
    public func upgrade(_ ref: ProjectRef, to version: String) async throws(ClientError) -> String {
        struct Body: Encodable {
            let target_version: String
        }
        let call = try APICall.post("v1", "projects", ref.text, "upgrade", json: Body(target_version: version))
        guard let id = try await answer(call, as: Tracking.self).tracking_id else {
            throw .unexpected("an upgrade has no tracking_id")
        }
        return id
    }

    /// Begins to add services to a project and to remove others; gives the id of the operation, none on a dry run, and
    /// the plan.
    public func changeServices(
        of ref: ProjectRef, adding added: [String], removing removed: [String], dryRun: Bool
    ) async throws(ClientError) -> (operation: String?, plan: UpgradePlan) {
        struct Body: Encodable {
            let add, remove: [String]
            let dry_run: Bool
        }
        let call = try APICall.patch(
            "platform", "projects", ref.text, "services", json: Body(add: added, remove: removed, dry_run: dryRun))
        let body = try await answer(call, as: Tracking.self)
        guard let plan = body.plan else { throw .unexpected("a change of services has no plan") }
        return (body.tracking_id, plan)
    }

    public func operation(_ id: String, of ref: ProjectRef) async throws(ClientError) -> ProjectOperation {
        try await answer(.get("platform", "projects", ref.text, "operations", id))
    }
}
