import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/orphans`: objects on the engine with this installation's label that belong to no project, and so to no
/// organization: the owners of the organization that administers the installation manage them. Their names reveal other
/// tenants, so no other role lists them.
struct OrphansController: Sendable {
    let orphans: OrphanReconciler

    var routes: [Route] {
        [
            Route(
                .get, "/platform/orphans", access: .installation(.organizationAdminWrite),
                operation: Operation(
                    summary: "Objects of this installation on the engine that belong to no project",
                    answer: .of([OrphanBody].self),
                    refusals: [
                        Operation.Refusal(status: .notFound, meaning: "you are not a member of the first organization")
                    ]), handler: list),
            Route(
                .post, "/platform/orphans/{id}/remove", access: .installation(.organizationAdminWrite),
                effect: .change("orphan.remove"),
                operation: Operation(
                    summary: "Remove an orphan; a volume with its data",
                    body: .optionalJSON(.object([])), answer: .of(OrphanBody.self, .accepted),
                    refusals: [Operation.Refusal(status: .notFound, meaning: "no such orphan")]), handler: remove
            ).refusingUnknownQuery,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        return try APIResponse(json: try await orphans.orphans().map { OrphanBody($0) })
    }

    private func remove(_ request: APIRequest) async throws -> APIResponse {
        let orphan = try await orphans.requestRemoval(of: try request.number("id"))
        request.audit.scope(organization: Organization.defaultSlug)
        request.audit.target(orphan.object.key.kind.rawValue, orphan.object.key.id)
        return try APIResponse(.accepted, json: OrphanBody(orphan))
    }
}

struct OrphanBody: EncodableBody {
    let orphan: Orphan

    init(_ orphan: Orphan) { self.orphan = orphan }

    static let shape = BodyShape<Self>(
        "Orphan",
        [
            .init("id", of: \.orphan.number),
            .init("kind", .choice(EngineObjectKind.allCases.map(\.rawValue)), of: \.orphan.object.key.kind.rawValue),
            .init("engine_id", of: \.orphan.object.key.id),
            .init("name", of: \.orphan.object.name),
            .init("project_label", of: \.orphan.object.projectLabel),
            .init("first_seen", .time, of: \.orphan.firstSeen.rfc3339),
            .init("grace_until", .time, of: \.orphan.graceUntil.rfc3339),
            .init("state", .choice(Orphan.State.allCases.map(\.rawValue)), of: \.orphan.state.rawValue),
            .nullable("refusal", of: \.orphan.refusal),
        ])
}
