import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Members of a project, and the preview of its transfer to another organization.
struct ProjectMembersController: Sendable {
    /// The members of an organization, by its slug.
    let members: @Sendable (String) async throws -> [Member]

    var routes: [Route] {
        let path = "/platform/projects/{ref}"
        return [
            Route(
                .get, "\(path)/members", access: .permission(.membersRead),
                operation: Operation(summary: "Members who see a project", answer: .json(Self.schema)), handler: list),
            Route(
                .post, "\(path)/transfer/preview", access: .permission(.projectAdminWrite),
                operation: Operation(
                    summary: "What a transfer to another organization would mean: it is not offered",
                    body: .json(TransferBody.schema), answer: .of(TransferPreview.self, .created)), handler: preview),
        ]
    }

    private static let schema: Schema = .fields(
        .init(
            "members",
            .array(
                .fields(.init("user_id", .uuid), .init("username", .text), .init("primary_email", .nullable(.text))))))

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let rows = try await members(record.organizationSlug).filter { $0.sees(record.ref) }.map { member in
            JSON.object([
                "user_id": .string(member.account.id), "username": .string(member.account.username),
                "primary_email": .string(member.account.email),
            ])
        }
        return try APIResponse(json: ["members": JSON.array(rows)])
    }

    private func preview(_ request: APIRequest) async throws -> APIResponse {
        let target = try request.decode(TransferBody.self).target
        return try APIResponse(
            .created, json: TransferPreview(hasAccess: try request.caller().sees(organization: target)))
    }
}

extension Member {
    /// Whether one of their roles is for the whole organization or for the project.
    fileprivate func sees(_ ref: ProjectRef) -> Bool {
        roles.contains { $0.projects.isEmpty || $0.projects.contains(ref) }
    }
}

/// The target organization.
struct TransferBody: DecodableBody {
    let target: String

    static let schemaName: String? = "Transfer"

    init(fields: BodyReader) throws {
        target = try fields.read("target_organization_slug")
    }
}

/// The answer to a preview: a transfer is never valid here.
struct TransferPreview: EncodableBody {
    let hasAccess: Bool

    private static let notes = Schema.array(.fields(.init("key", .text), .init("message", .text)))

    static let shape = BodyShape<Self>(
        "TransferPreview",
        [
            .constant("valid", false),
            .constant(
                "errors",
                [
                    [
                        "key": "not_offered",
                        "message": "SupaManager does not move projects: create one there and restore a dump",
                    ]
                ], schema: notes),
            .constant("warnings", [String](), schema: notes),
            .constant("info", [String](), schema: notes),
            .constant("members_exceeding_free_project_limit", [JSON]()),
            .init("has_access_to_target_organization", of: \.hasAccess),
            .constant("has_permissions_on_source_organization", true),
            .constant("source_subscription_plan", "free"),
            .nullable("target_subscription_plan") { $0.hasAccess ? "free" : nil },
        ])
}
