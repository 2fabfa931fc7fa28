import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/projects/{ref}/volumes`: the volumes that hold a project's data, and the acceptance of a lost one.
struct DataVolumesController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        let path = "/platform/projects/{ref}/volumes"
        return [
            Route(
                .get, path, access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "Volumes that hold a project's data: without them it does not start",
                    answer: .of([DataVolumeBody].self)), handler: list),
            Route(
                .post, "\(path)/{name}/accept-loss", access: .permission(.projectAdminWrite),
                effect: .change("volume.accept-loss"),
                operation: Operation(
                    summary: "Accept that the data of a volume is lost: an empty one is made when there is none",
                    body: .optionalJSON(.object([])), answer: .empty(.accepted),
                    refusals: [
                        .conflict, Operation.Refusal(status: .notFound, meaning: "no such volume holds data"),
                    ]), handler: acceptLoss
            ).refusingUnknownQuery,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let volumes = try await catalog.dataVolumes(of: try request.project().ref)
        return try APIResponse(json: volumes.map { DataVolumeBody($0) })
    }

    private func acceptLoss(_ request: APIRequest) async throws -> APIResponse {
        let name = try request.parameter("name")
        _ = try await catalog.acceptVolumeLoss(name, of: try request.project().ref)
        request.audit.target("volume", name)
        request.audit.change("data", from: "expected", to: "given up")
        return APIResponse(.accepted)
    }
}

/// A volume that holds a project's data.
struct DataVolumeBody: EncodableBody {
    let volume: VolumeRecord

    init(_ volume: VolumeRecord) { self.volume = volume }

    static let shape = BodyShape<Self>(
        "DataVolume",
        [
            .init("name", of: \.volume.name),
            .init("compose_name", of: \.volume.composeName),
            .nullable("identity", of: \.volume.identity),
            .nullable("created_at", .time, of: \.volume.createdAt?.rfc3339),
            .nullable("postgres_major", of: \.volume.postgresMajor),
            .init("is_attached", of: \.volume.isAttached),
        ])
}
