import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Operations of unsupported features whose responses depend on the caller or on the template.
struct RemainderController: Sendable {
    var routes: [Route] {
        NeutralAnswer.all.map(\.route) + [
            Route(
                .get, "/v1/projects/{ref}/database/jit", access: .permission(.databaseJITRead),
                operation: Operation(
                    summary: "Your just-in-time access: none",
                    answer: .json(.fields(.init("user_id", .uuid), .init("user_roles", .array(.anything)))))
            ) { request in
                let account = try request.caller().account
                return try APIResponse(json: JSON.object(["user_id": .string(account.id), "user_roles": []]))
            }.supported(as: .empty),
            Route(
                .post, "/v1/projects/{ref}/vanity-subdomain/check-availability",
                access: .permission(.vanitySubdomainWrite),
                operation: Operation(
                    summary: "Whether a vanity subdomain is free: none is", body: .optionalJSON(.object([])),
                    answer: .json(.fields(.init("available", .boolean)), .created))
            ) { _ in try APIResponse(.created, json: ["available": false]) }.supported(as: .empty),
            Route(
                .get, "/projects/{ref}/status", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "The status of a project", answer: .json(.fields(.init("status", .projectStatus))))
            ) { try APIResponse(json: ["status": try $0.project().status.studioStatus.rawValue]) },
        ]
    }
}
