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

struct KeptVolumeBody: EncodableBody {
    let kept: KeptVolume

    init(_ kept: KeptVolume) { self.kept = kept }

    static let shape = BodyShape<Self>(
        "KeptVolume",
        [
            .init("name", of: \.kept.volume.name),
            .init("project_ref", .ref, of: \.kept.project.ref.text),
            .init("project_name", of: \.kept.project.name.text),
            .init("compose_name", of: \.kept.volume.composeName),
            .nullable("identity", of: \.kept.volume.identity),
            .nullable("created_at", .time, of: \.kept.volume.createdAt?.rfc3339),
            .nullable("kept_at", .time, of: \.kept.volume.keptAt?.rfc3339),
            .nullable("postgres_major", of: \.kept.volume.postgresMajor),
            .init("is_being_destroyed") { $0.kept.volume.destructionRequestedAt != nil },
        ])
}
