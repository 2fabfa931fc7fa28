import APIKit
import Orchestrator
import ProjectModel
import Reconciler

/// The effect of an upgrade on a project.
struct UpgradePlanBody: EncodableBody {
    let from: Nullable<String>
    let to: String
    let replaced: [Replacement]
    let added: [Replacement]
    let removed: [String]
    let untouched: [String]
    let images: [String]
    let unusedVolumes: [String]
    let interrupted: [String]
    let interruptionSecondsMax: Int64
    let refusals: [String]

    /// A service that gets a container.
    struct Replacement: EncodableBody {
        let replacement: UpgradePlan.Replacement

        init(_ replacement: UpgradePlan.Replacement) { self.replacement = replacement }

        static let shape = BodyShape<Self>([
            .init("service", of: \.replacement.service.text),
            .nullable("image_before", of: \.replacement.imageBefore),
            .init("image", of: \.replacement.image),
            .init("changes", of: \.replacement.changes),
        ])
    }

    init(_ proposal: UpgradeProposal) {
        let plan = proposal.plan
        from = Nullable(proposal.record.template?.text)
        to = proposal.target.template.text
        replaced = plan.replaced.map(Replacement.init)
        added = plan.added.map(Replacement.init)
        removed = plan.removed.map(\.text)
        untouched = plan.untouched.map(\.text)
        images = plan.images
        unusedVolumes = plan.unusedVolumes
        interrupted = plan.interrupted.map(\.text)
        interruptionSecondsMax = plan.interruptionMax.components.seconds
        refusals = plan.refusals.map(\.description)
    }

    static let shape = BodyShape<Self>(
        "UpgradePlan",
        [
            .init("from", of: \.from),
            .init("to", of: \.to),
            .init("replaced", of: \.replaced),
            .init("added", of: \.added),
            .init("removed", of: \.removed),
            .init("untouched", of: \.untouched),
            .init("images", of: \.images),
            .init("unused_volumes", of: \.unusedVolumes),
            .init("interrupted", of: \.interrupted),
            .init("interruption_seconds_max", of: \.interruptionSecondsMax),
            .init("refusals", of: \.refusals),
        ])
}

/// Answer of `GET /v1/projects/{ref}/upgrade/eligibility`: the published fields, and the plan.
struct UpgradeEligibility: EncodableBody {
    /// A version that the project can be upgraded to.
    struct Target: EncodableBody {
        let postgresVersion: String
        let appVersion: String

        static let shape = BodyShape<Self>([
            .init("postgres_version", of: \.postgresVersion),
            .constant("release_channel", UpgradeEligibility.channel),
            .init("app_version", of: \.appVersion),
        ])
    }

    /// Why the project cannot be upgraded, in the published words.
    struct ValidationError: EncodableBody {
        let type: String

        static let shape = BodyShape<Self>([.init("type", of: \.type)])
    }

    let eligible: Bool
    let currentVersion: String
    let latestVersion: String
    let hours: Double
    let targets: [Target]
    let validationErrors: [ValidationError]
    let plan: Nullable<UpgradePlanBody>
    let reasons: [String]

    fileprivate static let channel = "ga"
    /// Versions of PostgreSQL in the published document; others appear in the plan alone.
    private static let publishedVersions: Set = ["13", "14", "15", "17"]

    init(_ proposal: UpgradeProposal) {
        let (record, plan) = (proposal.record, proposal.plan)
        let isNewer = record.template != proposal.target.template
        var reasons = plan.refusals.map(\.description)
        if !isNewer { reasons.append("the project has the template version that is installed") }
        if case .transition = ProjectLifecycle.answer(to: .upgradeRequested, in: record.status) {
            validationErrors = []
        } else {
            reasons.append("a project cannot be upgraded while it is \(record.status.studioStatus.rawValue)")
            validationErrors = record.status.goal == .stopped ? [ValidationError(type: "project_hibernating")] : []
        }
        self.reasons = reasons
        eligible = reasons.isEmpty
        currentVersion = Self.version(proposal.databaseImages.before, record.template)
        latestVersion = Self.version(proposal.databaseImages.after, proposal.target.template)
        hours = Double(plan.interruptionMax.components.seconds) / 3_600
        let major = proposal.databaseImages.after.flatMap(postgresMajor).map { "\($0)" }
        if reasons.isEmpty, let major, Self.publishedVersions.contains(major) {
            targets = [Target(postgresVersion: major, appVersion: latestVersion)]
        } else {
            targets = []
        }
        self.plan = Nullable(UpgradePlanBody(proposal))
    }

    /// For a project whose upgrade cannot even be planned.
    init(_ record: ProjectRecord, _ database: DatabaseVersion, refusal: String) {
        eligible = false
        currentVersion = "supabase-postgres-\(database.version)"
        latestVersion = currentVersion
        hours = 0
        targets = []
        validationErrors = []
        plan = Nullable(nil)
        reasons = [refusal]
    }

    /// The version of the database's image, and the template version that it comes from.
    private static func version(_ image: String?, _ digest: TemplateDigest?) -> String {
        let tag = image?.split(separator: "/").last?.split(separator: ":", maxSplits: 1).last.map(String.init)
        return "supabase-postgres-\(tag ?? "unknown")" + (digest.map { "+template.\($0.short)" } ?? "")
    }

    static let shape = BodyShape<Self>(
        "UpgradeEligibility",
        [
            .init("eligible", of: \.eligible),
            .init("current_app_version", of: \.currentVersion),
            .constant(
                "current_app_version_release_channel", "ga",
                schema: .choice(["internal", "alpha", "beta", "ga", "withdrawn", "preview"])),
            .init("latest_app_version", of: \.latestVersion),
            .init("duration_estimate_hours", of: \.hours),
            .init("target_upgrade_versions", of: \.targets),
            .constant("legacy_auth_custom_roles", [String]()),
            .constant("objects_to_be_dropped", [String]()),
            .constant("unsupported_extensions", [String]()),
            .constant("user_defined_objects_in_internal_schemas", [String]()),
            .init("validation_errors", of: \.validationErrors),
            .constant("warnings", [String](), schema: .array(.anything)),
            .init("plan", of: \.plan),
            .init("reasons", of: \.reasons),
        ])
}

/// Answer of `GET /v1/projects/{ref}/upgrade/status`.
struct UpgradeStatusBody: EncodableBody {
    /// One upgrade, as Studio shows it.
    struct Status: EncodableBody {
        let initiatedAt: String
        let latestStatusAt: String
        let targetVersion: Int
        let status: Int
        let progress: String
        let error: String?
        /// The progress, or the reason of the end: one sentence.
        let message: Nullable<String>

        static let shape = BodyShape<Self>([
            .init("initiated_at", of: \.initiatedAt),
            .init("latest_status_at", of: \.latestStatusAt),
            .init("target_version", .number, of: \.targetVersion),
            .init("status", .number, of: \.status),
            .init("progress", of: \.progress),
            .optional("error", of: \.error),
            .init("message", of: \.message),
        ])
    }

    let status: Nullable<Status>

    static let shape = BodyShape<Self>([
        .init("databaseUpgradeStatus", of: \.status)
    ])

    /// The published numbers of an upgrade's status.
    private enum State: Int {
        case upgrading = 0
        case upgraded = 1
        case failed = 2
    }

    init(_ operation: ProjectOperation?, _ record: ProjectRecord, major: Int?) {
        guard let operation else {
            status = Nullable(nil)
            return
        }
        let state: State =
            switch operation.state {
            case .pending, .running: .upgrading
            case .succeeded: .upgraded
            case .failed, .cancelled, .superseded: .failed
            }
        let progress =
            switch operation.state {
            case .pending: "0_requested"
            case .succeeded: "9_completed_upgrade"
            case .running, .failed, .cancelled, .superseded: "1_started"
            }
        status = Nullable(
            Status(
                initiatedAt: operation.requestedAt.rfc3339,
                latestStatusAt: (operation.finishedAt ?? record.updatedAt).rfc3339, targetVersion: major ?? 0,
                status: state.rawValue, progress: progress,
                // The published words are about machines; the nearest is that the new version did not start.
                error: state == .failed ? "1_upgraded_instance_launch_failed" : nil,
                message: Nullable(operation.result ?? operation.progress.waitingFor)))
    }
}
