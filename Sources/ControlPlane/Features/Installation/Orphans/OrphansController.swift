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

struct OrphanBody: Encodable, Sendable, Documented {
    let id: Int64
    let kind: String
    let engineID: String
    let name: String
    let projectLabel: String
    let firstSeen: String
    let graceUntil: String
    let state: String
    let refusal: Nullable<String>

    static let schema = Schema.named(
        "Orphan",
        .fields(
            .init("id", .integer()), .init("kind", .choice(EngineObjectKind.allCases.map(\.rawValue))),
            .init("engine_id", .text), .init("name", .text), .init("project_label", .text),
            .init("first_seen", .time), .init("grace_until", .time),
            .init("state", .choice(Orphan.State.allCases.map(\.rawValue))), .init("refusal", .nullable(.text))))

    init(_ orphan: Orphan) {
        id = orphan.number
        kind = orphan.object.key.kind.rawValue
        engineID = orphan.object.key.id
        name = orphan.object.name
        projectLabel = orphan.object.projectLabel
        firstSeen = orphan.firstSeen.rfc3339
        graceUntil = orphan.graceUntil.rfc3339
        state = orphan.state.rawValue
        refusal = Nullable(orphan.refusal)
    }

    enum CodingKeys: String, CodingKey {
        case id, kind, name, state, refusal
        case engineID = "engine_id"
        case projectLabel = "project_label"
        case firstSeen = "first_seen"
        case graceUntil = "grace_until"
    }
}
