import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/organizations/{slug}/kept-volumes`: data of deleted projects that was kept on request.
struct KeptVolumesController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        let path = "/platform/organizations/{slug}/kept-volumes"
        return [
            Route(
                .get, path, access: .permission(.organizationProjectsRead),
                operation: Operation(
                    summary: "Volumes that are kept of the organization's deleted projects",
                    answer: .of([KeptVolumeBody].self)), handler: list),
            Route(
                .delete, "\(path)/{name}", access: .permission(.projectAdminWrite), effect: .change("volume.destroy"),
                operation: Operation(
                    summary: "Destroy a kept volume permanently", answer: .of(KeptVolumeBody.self, .accepted),
                    refusals: [Operation.Refusal(status: .notFound, meaning: "no such volume is kept")]),
                handler: destroy
            ).refusingUnknownQuery,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let slug = try request.slug()
        let visible = try request.caller().visibleProjects(in: slug)
        let kept = try await catalog.keptVolumes(in: slug).filter { visible?.contains($0.project.ref) ?? true }
        return try APIResponse(json: kept.map { KeptVolumeBody($0) })
    }

    private func destroy(_ request: APIRequest) async throws -> APIResponse {
        let kept = try await catalog.destroyKeptVolume(try request.parameter("name"), in: try request.slug())
        request.audit.target("volume", kept.volume.name)
        request.audit.target("project", kept.project.ref.text)
        return try APIResponse(.accepted, json: KeptVolumeBody(kept))
    }
}

struct KeptVolumeBody: Encodable, Sendable, Documented {
    let name: String
    let projectRef: String
    let projectName: String
    let composeName: String
    let identity: Nullable<String>
    let createdAt: Nullable<String>
    let keptAt: Nullable<String>
    let postgresMajor: Nullable<Int>
    let isBeingDestroyed: Bool

    static let schema = Schema.named(
        "KeptVolume",
        .fields(
            .init("name", .text), .init("project_ref", .ref), .init("project_name", .text),
            .init("compose_name", .text), .init("identity", .nullable(.text)), .init("created_at", .nullable(.time)),
            .init("kept_at", .nullable(.time)), .init("postgres_major", .nullable(.integer())),
            .init("is_being_destroyed", .boolean)))

    init(_ kept: KeptVolume) {
        name = kept.volume.name
        projectRef = kept.project.ref.text
        projectName = kept.project.name.text
        composeName = kept.volume.composeName
        identity = Nullable(kept.volume.identity)
        createdAt = Nullable(kept.volume.createdAt?.rfc3339)
        keptAt = Nullable(kept.volume.keptAt?.rfc3339)
        postgresMajor = Nullable(kept.volume.postgresMajor)
        isBeingDestroyed = kept.volume.destructionRequestedAt != nil
    }

    enum CodingKeys: String, CodingKey {
        case name, identity
        case projectRef = "project_ref"
        case projectName = "project_name"
        case composeName = "compose_name"
        case createdAt = "created_at"
        case keptAt = "kept_at"
        case postgresMajor = "postgres_major"
        case isBeingDestroyed = "is_being_destroyed"
    }
}
