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
struct AvailableVersions: EncodableBody {
    let versions: [[String: String]]

    init(_ database: DatabaseVersion) {
        versions = [
            [
                "postgres_engine": database.engine, "release_channel": database.releaseChannel,
                "version": "supabase-postgres-\(database.version)",
            ]
        ]
    }

    static let shape = BodyShape<Self>(
        "AvailableVersions",
        [
            .init(
                "available_versions",
                .array(
                    .fields(.init("postgres_engine", .text), .init("release_channel", .text), .init("version", .text))),
                of: \.versions)
        ])
}

/// Regions to choose from.
struct RegionsBody: EncodableBody {
    let recommendations: Recommended
    let all: All

    /// A group of regions.
    struct GroupRow: EncodableBody {
        let group: Region.Group

        static let shape = BodyShape<Self>(
            "RegionGroup",
            [
                .init("name", of: \.group.name),
                .init("code", .choice(Region.Group.allCases.map(\.rawValue)), of: \.group.rawValue),
                .constant("type", "smartGroup", schema: .choice(["smartGroup"])),
            ])
    }

    /// One region.
    struct Row: EncodableBody {
        let region: Region
        let provider: String

        static let shape = BodyShape<Self>(
            "Region",
            [
                .init("name", of: \.region.name),
                .init("code", .choice(Region.all.map(\.code)), of: \.region.code),
                .constant("type", "specific", schema: .choice(["specific"])),
                .init("provider", .choice(CreateProjectBody.cloudProviders), of: \.provider),
            ])
    }

    /// What suits a continent.
    struct Recommended: EncodableBody {
        let smartGroup: GroupRow
        let specific: [Row]

        static let shape = BodyShape<Self>([
            .init("smartGroup", of: \.smartGroup),
            .init("specific", of: \.specific),
        ])
    }

    /// Everything there is.
    struct All: EncodableBody {
        let smartGroup: [GroupRow]
        let specific: [Row]

        static let shape = BodyShape<Self>([
            .init("smartGroup", of: \.smartGroup),
            .init("specific", of: \.specific),
        ])
    }

    init(for continent: Region.Continent, provider: String) {
        func rows(_ regions: [Region]) -> [Row] { regions.map { Row(region: $0, provider: provider) } }
        recommendations = Recommended(
            smartGroup: GroupRow(group: continent.group),
            specific: rows(Region.all.filter { $0.continent.group == continent.group }))
        all = All(smartGroup: Region.Group.allCases.map(GroupRow.init), specific: rows(Region.all))
    }

    static let shape = BodyShape<Self>(
        "Regions",
        [
            .init("recommendations", of: \.recommendations),
            .init("all", of: \.all),
        ])
}
