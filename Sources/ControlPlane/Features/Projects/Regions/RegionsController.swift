import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator

/// Regions and database versions that a new project can have.
struct RegionsController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        [
            regions(
                "/platform/projects/available-regions",
                [
                    Operation.Parameter(
                        name: "cloud_provider", schema: .choice(CreateProjectBody.cloudProviders),
                        description: "Returned unchanged")
                ]),
            regions(
                "/v1/projects/available-regions",
                [
                    Operation.Parameter(
                        name: "continent", schema: .choice(Region.Continent.allCases.map(\.rawValue)),
                        description: "Where the client is; decides what is recommended")
                ]),
            Route(
                .post, "/platform/organizations/{slug}/available-versions", access: .permission(.organizationAdminRead),
                operation: Operation(
                    summary: "Database versions that a new project can have: the template's",
                    body: .optionalJSON(.object([])), answer: .of(AvailableVersions.self))
            ) { _ in try APIResponse(json: AvailableVersions(DatabaseVersion(try catalog.roles()))) },
            restoreVersions("/platform/projects/{ref}/restore/versions"), restoreVersions("/v1/projects/{ref}/restore"),
        ]
    }

    private func regions(_ path: String, _ query: [Operation.Parameter]) -> Route {
        Route(
            .get, path, access: .signedIn,
            operation: Operation(
                summary: "Regions that a project can be labelled with; all of them are this host",
                query: query + [
                    Operation.Parameter(
                        name: "organization_slug", schema: .text, description: "The organization", isRequired: true),
                    Operation.Parameter(
                        name: "desired_instance_size", schema: .text, description: "Accepted; there are no sizes"),
                ], answer: .of(RegionsBody.self),
                refusals: [Operation.Refusal(status: .notFound, meaning: "no such organization")]), handler: available)
    }

    private func available(_ request: APIRequest) async throws -> APIResponse {
        guard let slug = request.query["organization_slug"], !slug.isEmpty else {
            throw APIError(.badRequest, "organization_slug is missing")
        }
        guard try request.caller().sees(organization: slug) else { throw APIError.noOrganization(slug) }
        let provider = request.query["cloud_provider"] ?? ""
        guard provider.isEmpty || CreateProjectBody.cloudProviders.contains(provider) else {
            throw APIError(
                .badRequest, "cloud_provider must be one of \(CreateProjectBody.cloudProviders.joined(separator: ", "))"
            )
        }
        let continent = try request.query.word("continent", default: Region.Continent.northAmerica)
        return try APIResponse(
            json: RegionsBody(
                for: continent, provider: provider.isEmpty ? CreateProjectBody.cloudProviders[0] : provider))
    }

    private func restoreVersions(_ path: String) -> Route {
        Route(
            .get, path, access: .permission(.projectAdminRead),
            operation: Operation(
                summary: "Database versions that a paused project can be resumed with: its own",
                answer: .of(AvailableVersions.self)), handler: versions)
    }

    private func versions(_ request: APIRequest) async throws -> APIResponse {
        let roles = try await catalog.stack(of: try request.project()).roles
        return try APIResponse(json: AvailableVersions(DatabaseVersion(roles)))
    }
}

/// Database versions to choose from.
struct AvailableVersions: Encodable, Sendable, Documented {
    let versions: [[String: String]]

    init(_ database: DatabaseVersion) {
        versions = [
            [
                "postgres_engine": database.engine, "release_channel": database.releaseChannel,
                "version": "supabase-postgres-\(database.version)",
            ]
        ]
    }

    static let schema = Schema.named(
        "AvailableVersions",
        .fields(
            .init(
                "available_versions",
                .array(
                    .fields(
                        .init("postgres_engine", .text), .init("release_channel", .text), .init("version", .text))))))

    enum CodingKeys: String, CodingKey {
        case versions = "available_versions"
    }
}

/// Regions to choose from.
struct RegionsBody: Encodable, Sendable, Documented {
    let recommendations: Recommended
    let all: All

    /// A group of regions.
    struct GroupRow: Encodable, Sendable {
        let name: String
        let code: String
        let type = "smartGroup"

        init(_ group: Region.Group) {
            name = group.name
            code = group.rawValue
        }
    }

    /// One region.
    struct Row: Encodable, Sendable {
        let name: String
        let code: String
        let type = "specific"
        let provider: String
    }

    /// What suits a continent.
    struct Recommended: Encodable, Sendable {
        let smartGroup: GroupRow
        let specific: [Row]
    }

    /// Everything there is.
    struct All: Encodable, Sendable {
        let smartGroup: [GroupRow]
        let specific: [Row]
    }

    init(for continent: Region.Continent, provider: String) {
        func rows(_ regions: [Region]) -> [Row] {
            regions.map { Row(name: $0.name, code: $0.code, provider: provider) }
        }
        recommendations = Recommended(
            smartGroup: GroupRow(continent.group),
            specific: rows(Region.all.filter { $0.continent.group == continent.group }))
        all = All(smartGroup: Region.Group.allCases.map(GroupRow.init), specific: rows(Region.all))
    }

    private static let group = Schema.named(
        "RegionGroup",
        .fields(
            .init("name", .text), .init("code", .choice(Region.Group.allCases.map(\.rawValue))),
            .init("type", .choice(["smartGroup"]))))
    private static let region = Schema.named(
        "Region",
        .fields(
            .init("name", .text), .init("code", .choice(Region.all.map(\.code))), .init("type", .choice(["specific"])),
            .init("provider", .choice(CreateProjectBody.cloudProviders))))

    static let schema = Schema.named(
        "Regions",
        .fields(
            .init(
                "recommendations",
                .fields(.init("smartGroup", group), .init("specific", .array(region)))),
            .init("all", .fields(.init("smartGroup", .array(group)), .init("specific", .array(region))))))
}
