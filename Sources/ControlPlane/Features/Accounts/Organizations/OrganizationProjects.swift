import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// A project in the list of its organization.
struct OrganizationProject: Encodable, Sendable, Documented {
    let ref: String
    let name: String
    let status: String
    let region: String
    let cloudProvider: String
    let insertedAt: String
    let isBranch = false
    /// In Studio's list, absent on `/v1`.
    let integrationSource: Nullable<String>?
    let databases: [Database]

    /// The one database of a project.
    struct Database: Encodable, Sendable {
        let identifier: String
        let type = "PRIMARY"
        let status: String
        let region: String
        let cloudProvider: String

        enum CodingKeys: String, CodingKey {
            case identifier, type, status, region
            case cloudProvider = "cloud_provider"
        }
    }

    init(_ record: ProjectRecord, onV1: Bool) {
        ref = record.ref.text
        name = record.name.text
        status = record.status.studioStatus.rawValue
        region = record.region
        cloudProvider = record.cloudProvider
        insertedAt = record.insertedAt.rfc3339
        integrationSource = onV1 ? nil : Nullable(nil)
        databases = [
            Database(
                identifier: record.ref.text, status: record.status.studioStatus.databaseStatus, region: record.region,
                cloudProvider: record.cloudProvider)
        ]
    }

    static let schema = Schema.named(
        "OrganizationProject",
        .fields(
            .init("ref", .ref), .init("name", .text), .init("status", .projectStatus), .init("region", .text),
            .init("cloud_provider", .text), .init("inserted_at", .time), .init("is_branch", .boolean),
            .optional("integration_source", .nullable(.text)),
            .init(
                "databases",
                .array(
                    .fields(
                        .init("identifier", .ref), .init("type", .choice(["PRIMARY"])),
                        .init("status", .choice(StudioStatus.databaseStatuses)), .init("region", .text),
                        .init("cloud_provider", .text))))))

    enum CodingKeys: String, CodingKey {
        case ref, name, status, region, databases
        case cloudProvider = "cloud_provider"
        case insertedAt = "inserted_at"
        case isBranch = "is_branch"
        case integrationSource = "integration_source"
    }
}

/// One page of an organization's projects.
struct OrganizationProjectsBody: Encodable, Sendable, Documented {
    let pagination: Pagination
    let projects: [OrganizationProject]

    static let schema = Schema.fields(
        .init("pagination", Pagination.schema), .init("projects", .array(OrganizationProject.schema)))

    init(_ page: ProjectPage, of query: ProjectQuery, onV1: Bool) {
        pagination = Pagination(page, query)
        projects = page.projects.map { OrganizationProject($0, onV1: onV1) }
    }
}

/// `…/organizations/{slug}/projects`, on both APIs.
struct OrganizationProjectsController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] { [route("/platform", onV1: false), route("/v1", onV1: true)] }

    private func route(_ base: String, onV1: Bool) -> Route {
        let answers = ListResponseCache()
        return Route(
            .get, "\(base)/organizations/{slug}/projects", access: .permission(.organizationProjectsRead),
            operation: Operation(
                summary: "The projects of an organization that you see", query: ProjectListQuery.parameters,
                answer: .of(OrganizationProjectsBody.self))
        ) { request in
            let caller = try request.caller()
            var query = try ProjectListQuery.parse(request.query)
            query.visibility = caller.projectVisibility(in: try request.slug())
            let page = try await catalog.projects(query)
            return try await answers.answer(page, to: query, for: caller) {
                try APIResponse(json: OrganizationProjectsBody(page, of: query, onV1: onV1))
            }
        }
    }
}
