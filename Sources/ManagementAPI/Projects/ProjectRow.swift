import Orchestrator
import ProjectModel

/// A project in lists of `/platform`.
struct ProjectRow: Encodable, Sendable {
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

    init(_ record: ProjectRecord) {
        id = record.number
        ref = record.ref.text
        name = record.name.text
        status = record.status.studioStatus.rawValue
        region = record.region
        cloudProvider = record.cloudProvider
        organizationID = Organization.default.number
        organizationSlug = record.organizationSlug
        insertedAt = record.insertedAt.rfc3339
    }

    enum CodingKeys: String, CodingKey {
        case id, ref, name, status, region
        case cloudProvider = "cloud_provider"
        case organizationID = "organization_id"
        case organizationSlug = "organization_slug"
        case insertedAt = "inserted_at"
        case subscriptionID = "subscription_id"
        case isBranchEnabled = "is_branch_enabled"
        case isPhysicalBackupsEnabled = "is_physical_backups_enabled"
        case previewBranchRefs = "preview_branch_refs"
    }
}

/// One page of `GET /platform/projects`.
struct ProjectListBody: Encodable, Sendable {
    let pagination: Pagination
    let projects: [ProjectRow]

    struct Pagination: Encodable, Sendable {
        let count: Int
        let limit: Int
        let offset: Int
    }

    init(_ page: ProjectPage, of query: ProjectQuery) {
        pagination = Pagination(count: page.count, limit: query.limit, offset: query.offset)
        projects = page.projects.map(ProjectRow.init)
    }
}

/// What a deletion answers, on both APIs.
struct DeletedProject: Encodable, Sendable {
    let id: Int64
    let ref: String
    let name: String

    init(_ record: ProjectRecord) {
        id = record.number
        ref = record.ref.text
        name = record.name.text
    }
}
