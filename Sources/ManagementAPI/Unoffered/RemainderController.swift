import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Operations about features that are not here, whose answers depend on who asks or on the template.
struct RemainderController: Sendable {
    let configuration: ManagementAPIConfiguration

    var routes: [Route] {
        NeutralAnswer.all.map(\.route) + [
            Route(
                .get, "/v1/projects/{ref}/upgrade/eligibility", .anyOf([.projectAdminRead, .databaseRead]),
                Operation(
                    summary: "Upgrades of the database: none is offered", answer: .of(UpgradeEligibility.self))
            ) { _ in try APIResponse(json: UpgradeEligibility(configuration.database)) }.supported(as: .empty),
            Route(
                .get, "/v1/projects/{ref}/database/jit", .permission(.databaseJITRead),
                Operation(
                    summary: "Your just-in-time access: none",
                    answer: .json(.fields(.init("user_id", .uuid), .init("user_roles", .array(.anything)))))
            ) { request in
                let account = try request.caller().account
                return try APIResponse(json: JSON.object(["user_id": .string(account.id), "user_roles": []]))
            }.supported(as: .empty),
            Route(
                .post, "/v1/projects/{ref}/vanity-subdomain/check-availability", .permission(.vanitySubdomainWrite),
                Operation(
                    summary: "Whether a vanity subdomain is free: none is", body: .optionalJSON(.object([])),
                    answer: .json(.fields(.init("available", .boolean)), .created))
            ) { _ in try APIResponse(.created, json: ["available": false]) }.supported(as: .empty),
            Route(
                .get, "/projects/{ref}/status", .permission(.projectAdminRead),
                Operation(
                    summary: "The status of a project", answer: .json(.fields(.init("status", .projectStatus))))
            ) { try APIResponse(json: ["status": try $0.project().status.studioStatus.rawValue]) },
        ]
    }
}

/// Whether the database of a project can be upgraded: it runs what the template says.
struct UpgradeEligibility: Encodable, Sendable, Documented {
    let eligible = false
    let currentVersion: String
    let currentChannel: String
    let latestVersion: String
    let hours = 0
    let targets: [String] = []
    let roles: [String] = []
    let dropped: [String] = []
    let extensions: [String] = []
    let objects: [String] = []
    let validationErrors: [String] = []
    let warnings: [String] = []

    init(_ database: DatabaseVersion) {
        currentVersion = "supabase-postgres-\(database.version)"
        latestVersion = currentVersion
        currentChannel = database.releaseChannel
    }

    static let schema = Schema.named(
        "UpgradeEligibility",
        .fields(
            .init("eligible", .boolean), .init("current_app_version", .text),
            .init(
                "current_app_version_release_channel",
                .choice(["internal", "alpha", "beta", "ga", "withdrawn", "preview"])),
            .init("latest_app_version", .text), .init("duration_estimate_hours", .number),
            .init("target_upgrade_versions", .array(.anything)), .init("legacy_auth_custom_roles", .array(.text)),
            .init("objects_to_be_dropped", .array(.text)), .init("unsupported_extensions", .array(.text)),
            .init("user_defined_objects_in_internal_schemas", .array(.text)),
            .init("validation_errors", .array(.anything)), .init("warnings", .array(.anything))))

    enum CodingKeys: String, CodingKey {
        case eligible, warnings
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
