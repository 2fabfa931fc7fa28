import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/projects/{ref}/operations`: what was asked of a project, how it goes, and why it does not go further.
struct OperationsController: Sendable {
    let catalog: ProjectCatalog

    /// Most operations that one answer holds.
    static let operationsMax = 200
    /// Operations of an answer when nothing is asked for.
    static let operationsDefault = 50

    var routes: [Route] {
        let all = "/platform/projects/{ref}/operations"
        let unknown = Operation.Refusal(status: .notFound, meaning: "there is no such operation")
        return [
            Route(
                .get, all, access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "What was asked of a project, newest first",
                    query: [
                        Operation.Parameter(
                            name: "limit", schema: .integer(1...Int64(Self.operationsMax)),
                            description: "Most operations")
                    ], answer: .json(.fields(.init("operations", .array(OperationBody.schema))))), handler: list),
            Route(
                .get, "\(all)/{identifier}", access: .permission(.projectAdminRead),
                operation: Operation(summary: "One operation", answer: .of(OperationBody.self), refusals: [unknown]),
                handler: read),
            Route(
                .get, "\(all)/{identifier}/explain", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "Why an operation has not come further, or how it ended",
                    answer: .of(ExplanationBody.self), refusals: [unknown]), handler: explain),
            Route(
                .post, "\(all)/{identifier}/cancel", access: .permission(.projectAdminWrite),
                effect: .change("project.operation.cancel"),
                operation: Operation(
                    summary: "Cancel a creation, pause or resume that is in progress",
                    body: .optionalJSON(.object([])), answer: .of(OperationBody.self),
                    refusals: [unknown, .conflict]), handler: cancel),
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let limit = try request.query.number("limit", in: 1...Self.operationsMax, default: Self.operationsDefault)
        let operations = try await catalog.operations(of: try request.project().ref, limit: limit)
        return try APIResponse(json: ["operations": operations.map(OperationBody.init)])
    }

    private func read(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.uuid("identifier")
        return try APIResponse(json: OperationBody(try await catalog.operation(id, of: try request.project().ref)))
    }

    private func explain(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.uuid("identifier")
        let record = try request.project()
        var explanation = try await catalog.explain(id, of: record.ref)
        let permissions = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        if !permissions.contains(.analyticsLogsRead) { explanation.withholdLogs() }
        return try APIResponse(json: ExplanationBody(explanation))
    }

    private func cancel(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.uuid("identifier")
        let before = try request.project()
        let operation = try await catalog.cancel(id, of: before.ref, by: try request.caller().account.email)
        request.audit.target("operation", id)
        let status = try await catalog.project(before.ref).status
        request.audit.change("status", from: before.status.rawValue, to: status.rawValue)
        return try APIResponse(json: OperationBody(operation))
    }
}

extension APIResponse {
    /// The response with the id of the project's operation in progress, if any.
    func naming(operationOf ref: ProjectRef, in catalog: ProjectCatalog) async throws -> APIResponse {
        var copy = self
        copy.headers[.operationIdentifier] = try await catalog.openOperation(of: ref)?.id
        return copy
    }
}
