import APIKit
import FeatureKit
import Identity
import Orchestrator
import ProjectModel

/// A project in lists of `/platform`.
struct ProjectRow: EncodableBody {
    let record: ProjectRecord
    let organization: Int64
    let isUpgradeAvailable: Bool

    init(_ record: ProjectRecord, organization: Int64, isUpgradeAvailable: Bool) {
        self.record = record
        self.organization = organization
        self.isUpgradeAvailable = isUpgradeAvailable
    }

    static let shape = BodyShape<Self>(
        "ProjectRow",
        [
            .init("id", of: \.record.number),
            .init("ref", .ref, of: \.record.ref.text),
            .init("name", of: \.record.name.text),
            .init("status", .projectStatus, of: \.record.status.studioStatus.rawValue),
            .init("region", of: \.record.region),
            .init("cloud_provider", of: \.record.cloudProvider),
            .init("organization_id", of: \.organization),
            .init("organization_slug", of: \.record.organizationSlug),
            .init("inserted_at", .nullable(.time), of: \.record.insertedAt.rfc3339),
            .null("subscription_id"),
            .constant("is_branch_enabled", false),
            .constant("is_physical_backups_enabled", false, schema: .nullable(.boolean)),
            .constant("preview_branch_refs", [String]()),
            .init("stack", of: \.record.stack.text),
            .nullable("template_version", of: \.record.template?.text),
            .init("upgrade_available", of: \.isUpgradeAvailable),
        ])
}

/// One page of `GET /platform/projects`.
struct ProjectListBody: EncodableBody {
    let pagination: Pagination
    let projects: [ProjectRow]

    static let shape = BodyShape<Self>([
        .init("pagination", of: \.pagination),
        .init("projects", of: \.projects),
    ])

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
struct DeletedProject: EncodableBody {
    let record: ProjectRecord
    let keepsVolumes: Bool

    init(_ record: ProjectRecord, keepsVolumes: Bool) {
        self.record = record
        self.keepsVolumes = keepsVolumes
    }

    static let shape = BodyShape<Self>(
        "DeletedProject",
        [
            .init("id", of: \.record.number),
            .init("ref", .ref, of: \.record.ref.text),
            .init("name", of: \.record.name.text),
            .init("volumes", .choice(["destroyed", "kept"])) { $0.keepsVolumes ? "kept" : "destroyed" },
        ])
}

/// The response to a renaming.
struct ProjectReference: EncodableBody {
    let record: ProjectRecord

    init(_ record: ProjectRecord) { self.record = record }

    static let shape = BodyShape<Self>(
        "ProjectReference",
        [
            .init("id", of: \.record.number),
            .init("ref", .ref, of: \.record.ref.text),
            .init("name", of: \.record.name.text),
        ])
}
