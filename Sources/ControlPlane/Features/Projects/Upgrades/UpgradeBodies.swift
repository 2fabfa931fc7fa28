import APIKit
import Orchestrator
import ProjectModel
import Reconciler

/// The effect of an upgrade on a project.
struct UpgradePlanBody: Encodable, Sendable, Documented {
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
    struct Replacement: Encodable, Sendable {
        let service: String
        let imageBefore: Nullable<String>
        let image: String
        let changes: [String]

        enum CodingKeys: String, CodingKey {
            case service, image, changes
            case imageBefore = "image_before"
        }

        init(_ replacement: UpgradePlan.Replacement) {
            service = replacement.service.text
            imageBefore = Nullable(replacement.imageBefore)
            image = replacement.image
            changes = replacement.changes
        }

        static let schema = Schema.fields(
            .init("service", .text), .init("image_before", .nullable(.text)), .init("image", .text),
            .init("changes", .array(.text)))
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

    static let schema = Schema.named(
        "UpgradePlan",
        .fields(
            .init("from", .nullable(.text)), .init("to", .text), .init("replaced", .array(Replacement.schema)),
            .init("added", .array(Replacement.schema)), .init("removed", .array(.text)),
            .init("untouched", .array(.text)), .init("images", .array(.text)), .init("unused_volumes", .array(.text)),
            .init("interrupted", .array(.text)), .init("interruption_seconds_max", .integer()),
            .init("refusals", .array(.text))))

    enum CodingKeys: String, CodingKey {
        case from, to, replaced, added, removed, untouched, images, interrupted, refusals
        case unusedVolumes = "unused_volumes"
        case interruptionSecondsMax = "interruption_seconds_max"
    }
}

/// Answer of `GET /v1/projects/{ref}/upgrade/eligibility`: the published fields, and the plan.
struct UpgradeEligibility: Encodable, Sendable, Documented {
    /// A version that the project can be upgraded to.
    struct Target: Encodable, Sendable {
        let postgresVersion: String
        let releaseChannel: String
        let appVersion: String

        enum CodingKeys: String, CodingKey {
            case postgresVersion = "postgres_version"
            case releaseChannel = "release_channel"
            case appVersion = "app_version"
        }
    }

    /// Why the project cannot be upgraded, in the published words.
    struct ValidationError: Encodable, Sendable {
        let type: String
    }

    let eligible: Bool
    let currentVersion: String
    let currentChannel = Self.channel
    let latestVersion: String
    let hours: Double
    let targets: [Target]
    let roles: [String] = []
    let dropped: [String] = []
    let extensions: [String] = []
    let objects: [String] = []
    let validationErrors: [ValidationError]
    let warnings: [String] = []
    let plan: Nullable<UpgradePlanBody>
    let reasons: [String]

    private static let channel = "ga"
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
            targets = [Target(postgresVersion: major, releaseChannel: Self.channel, appVersion: latestVersion)]
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

    static let schema = Schema.named(
        "UpgradeEligibility",
        .fields(
            .init("eligible", .boolean), .init("current_app_version", .text),
            .init(
                "current_app_version_release_channel",
                .choice(["internal", "alpha", "beta", "ga", "withdrawn", "preview"])),
            .init("latest_app_version", .text), .init("duration_estimate_hours", .number),
            .init(
                "target_upgrade_versions",
                .array(
                    .fields(
                        .init("postgres_version", .text), .init("release_channel", .text), .init("app_version", .text)))
            ),
            .init("legacy_auth_custom_roles", .array(.text)), .init("objects_to_be_dropped", .array(.text)),
            .init("unsupported_extensions", .array(.text)),
            .init("user_defined_objects_in_internal_schemas", .array(.text)),
            .init("validation_errors", .array(.fields(.init("type", .text)))), .init("warnings", .array(.anything)),
            .init("plan", .nullable(UpgradePlanBody.schema)), .init("reasons", .array(.text))))

    enum CodingKeys: String, CodingKey {
        case eligible, warnings, plan, reasons
        case currentVersion = "current_app_version"
        case currentChannel = "current_app_version_release_channel"
        case latestVersion = "latest_app_version"
        case hours = "duration_estimate_hours"
        case targets = "target_upgrade_versions"
        case roles = "legacy_auth_custom_roles"
        case dropped = "objects_to_be_dropped"
        case extensions = "unsupported_extensions"
        case objects = "user_defined_objects_in_internal_schemas"
        case validationErrors = "validation_errors"
    }
}

/// Answer of `GET /v1/projects/{ref}/upgrade/status`.
struct UpgradeStatusBody: Encodable, Sendable, Documented {
    /// One upgrade, as Studio shows it.
    struct Status: Encodable, Sendable {
        let initiatedAt: String
        let latestStatusAt: String
        let targetVersion: Int
        let status: Int
        let progress: String
        let error: String?
        /// The progress, or the reason of the end: one sentence.
        let message: Nullable<String>

        enum CodingKeys: String, CodingKey {
            case status, progress, error, message
            case initiatedAt = "initiated_at"
            case latestStatusAt = "latest_status_at"
            case targetVersion = "target_version"
        }
    }

    let status: Nullable<Status>

    enum CodingKeys: String, CodingKey {
        case status = "databaseUpgradeStatus"
    }

    static let schema = Schema.fields(
        .init(
            "databaseUpgradeStatus",
            .nullable(
                .fields(
                    .init("initiated_at", .text), .init("latest_status_at", .text), .init("target_version", .number),
                    .init("status", .number), .init("progress", .text), .optional("error", .text),
                    .init("message", .nullable(.text))))))

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
