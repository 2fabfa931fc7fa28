import APIKit
import FeatureKit
import Identity
import Orchestrator
import ProjectModel

/// A project in lists of `/platform`.
struct ProjectRow: Encodable, Sendable, Documented {
    let id: Int64
    let ref: String
    let name: String
    let status: String
    let region: String
    let cloudProvider: String
    let organizationID: Int64
    let organizationSlug: String
    let insertedAt: String
    let subscriptionID = Nullable<String>(nil)
    let isBranchEnabled = false
    let isPhysicalBackupsEnabled = false
    let previewBranchRefs: [String] = []
    let stack: String
    let templateVersion: Nullable<String>
    let isUpgradeAvailable: Bool

    init(_ record: ProjectRecord, organization: Int64, isUpgradeAvailable: Bool) {
        stack = record.stack.text
        templateVersion = Nullable(record.template?.text)
        self.isUpgradeAvailable = isUpgradeAvailable
        id = record.number
        ref = record.ref.text
        name = record.name.text
        status = record.status.studioStatus.rawValue
        region = record.region
        cloudProvider = record.cloudProvider
        organizationID = organization
        organizationSlug = record.organizationSlug
        insertedAt = record.insertedAt.rfc3339
    }

    static let schema = Schema.named(
        "ProjectRow",
        .fields(
            .init("id", .integer()), .init("ref", .ref), .init("name", .text), .init("status", .projectStatus),
            .init("region", .text), .init("cloud_provider", .text), .init("organization_id", .integer()),
            .init("organization_slug", .text), .init("inserted_at", .nullable(.time)),
            .init("subscription_id", .nullable(.text)), .init("is_branch_enabled", .boolean),
            .init("is_physical_backups_enabled", .nullable(.boolean)),
            .init("preview_branch_refs", .array(.text)), .init("stack", .text),
            .init("template_version", .nullable(.text)), .init("upgrade_available", .boolean)))

    enum CodingKeys: String, CodingKey {
        case id, ref, name, status, region, stack
        case cloudProvider = "cloud_provider"
        case organizationID = "organization_id"
        case organizationSlug = "organization_slug"
        case insertedAt = "inserted_at"
        case subscriptionID = "subscription_id"
        case isBranchEnabled = "is_branch_enabled"
        case isPhysicalBackupsEnabled = "is_physical_backups_enabled"
        case previewBranchRefs = "preview_branch_refs"
        case templateVersion = "template_version"
        case isUpgradeAvailable = "upgrade_available"
    }
}

/// One page of `GET /platform/projects`.
struct ProjectListBody: Encodable, Sendable, Documented {
    let pagination: Pagination
    let projects: [ProjectRow]

    static let schema = Schema.fields(
        .init("pagination", Pagination.schema), .init("projects", .array(ProjectRow.schema)))

    init(
        _ page: ProjectPage, of query: ProjectQuery, for principal: Principal,
        isUpgradeAvailable: (ProjectRecord) -> Bool
    ) {
        pagination = Pagination(page, query)
        projects = page.projects.map {
            ProjectRow(
                $0, organization: principal.number(ofOrganization: $0.organizationSlug),
                isUpgradeAvailable: isUpgradeAvailable($0))
        }
    }
}

/// The response to a deletion, on both APIs: the project, and whether its data is kept.
struct DeletedProject: Encodable, Sendable, Documented {
    let id: Int64
    let ref: String
    let name: String
    let volumes: String

    static let schema = Schema.named(
        "DeletedProject",
        .fields(
            .init("id", .integer()), .init("ref", .ref), .init("name", .text),
            .init("volumes", .choice(["destroyed", "kept"]))))

    init(_ record: ProjectRecord, keepsVolumes: Bool) {
        id = record.number
        ref = record.ref.text
        name = record.name.text
        volumes = keepsVolumes ? "kept" : "destroyed"
    }
}

/// The response to a renaming.
struct ProjectReference: Encodable, Sendable, Documented {
    let id: Int64
    let ref: String
    let name: String

    static let schema = Schema.named(
        "ProjectReference", .fields(.init("id", .integer()), .init("ref", .ref), .init("name", .text)))

    init(_ record: ProjectRecord) {
        id = record.number
        ref = record.ref.text
        name = record.name.text
    }
}
