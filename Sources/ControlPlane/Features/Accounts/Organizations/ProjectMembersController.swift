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
struct TransferBody: Decodable, Sendable {
    let target: String

    enum CodingKeys: String, CodingKey {
        case target = "target_organization_slug"
    }

    static let schema = Schema.named("Transfer", .fields(.init("target_organization_slug", .text)))
}

/// The answer to a preview: a transfer is never valid here.
struct TransferPreview: Encodable, Sendable, Documented {
    let valid = false
    let errors = [
        ["key": "not_offered", "message": "SupaManager does not move projects: create one there and restore a dump"]
    ]
    let warnings: [[String: String]] = []
    let info: [[String: String]] = []
    let membersExceedingLimit: [String] = []
    let hasAccess: Bool
    let hasPermissions = true
    let sourcePlan = "free"
    let targetPlan: Nullable<String>

    init(hasAccess: Bool) {
        self.hasAccess = hasAccess
        targetPlan = Nullable(hasAccess ? "free" : nil)
    }

    private static let notes = Schema.array(.fields(.init("key", .text), .init("message", .text)))

    static let schema = Schema.named(
        "TransferPreview",
        .fields(
            .init("valid", .boolean), .init("errors", notes), .init("warnings", notes), .init("info", notes),
            .init("members_exceeding_free_project_limit", .array(.anything)),
            .init("has_access_to_target_organization", .boolean),
            .init("has_permissions_on_source_organization", .boolean), .init("source_subscription_plan", .text),
            .init("target_subscription_plan", .nullable(.text))))

    enum CodingKeys: String, CodingKey {
        case valid, errors, warnings, info
        case membersExceedingLimit = "members_exceeding_free_project_limit"
        case hasAccess = "has_access_to_target_organization"
        case hasPermissions = "has_permissions_on_source_organization"
        case sourcePlan = "source_subscription_plan"
        case targetPlan = "target_subscription_plan"
    }
}
