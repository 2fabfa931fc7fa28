import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// A project in the list of its organization.
struct OrganizationProject: EncodableBody {
    let ref: String
    let name: String
    let status: String
    let region: String
    let cloudProvider: String
    let insertedAt: String
    /// In Studio's list, absent on `/v1`.
    let integrationSource: Nullable<String>?
    let databases: [Database]

    /// The one database of a project.
    struct Database: EncodableBody {
        let identifier: String
        let status: String
        let region: String
        let cloudProvider: String

        static let shape = BodyShape<Self>([
            .init("identifier", .ref, of: \.identifier),
            .constant("type", "PRIMARY", schema: .choice(["PRIMARY"])),
            .init("status", .choice(StudioStatus.databaseStatuses), of: \.status),
            .init("region", of: \.region),
            .init("cloud_provider", of: \.cloudProvider),
        ])
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

    static let shape = BodyShape<Self>(
        "OrganizationProject",
        [
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("status", .projectStatus, of: \.status),
            .init("region", of: \.region),
            .init("cloud_provider", of: \.cloudProvider),
            .init("inserted_at", .time, of: \.insertedAt),
            .constant("is_branch", false),
            .optional("integration_source", of: \.integrationSource),
            .init("databases", of: \.databases),
        ])
}

/// One page of an organization's projects.
struct OrganizationProjectsBody: EncodableBody {
    let page: ProjectPage
    let query: ProjectQuery
    let onV1: Bool

    init(_ page: ProjectPage, of query: ProjectQuery, onV1: Bool) {
        self.page = page
        self.query = query
        self.onV1 = onV1
    }

    static let shape = BodyShape<Self>([
        .init("pagination") { Pagination($0.page, $0.query) },
        .init("projects") { body in body.page.projects.map { OrganizationProject($0, onV1: body.onV1) } },
    ])
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
