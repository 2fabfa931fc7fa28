import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// `/platform/projects/{ref}/…`: status, pause, resume, restart. Every request only changes the record; the next read
/// shows the transitional status already.
struct LifecycleController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        let path = "/platform/projects/{ref}"
        let resume = Route(
            .post, "\(path)/restore", access: .permission(.projectAdminWrite), effect: .change("project.resume"),
            operation: Operation(
                summary: "Resume a paused project, or try a failed one again",
                body: .optionalJSON(.object([])), answer: .of(ResumedProject.self), refusals: [.conflict, .noLease]),
            handler: resume)
        return [
            Route(
                .get, "\(path)/status", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "The status of a project",
                    answer: .json(.fields(.init("status", .projectStatus)))), handler: status),
            Route(
                .post, "\(path)/pause", access: .permission(.projectAdminWrite), effect: .change("project.pause"),
                operation: Operation(
                    summary: "Pause a project: its containers stop, its data stays", answer: .empty(.created),
                    refusals: [.conflict])
            ) { try await accept(.pauseRequested, $0) }.needing(.removal),
            Route(
                .get, "\(path)/pause/status", access: .permission(.projectAdminRead),
                operation: Operation(summary: "Whether a paused project can be resumed", answer: .of(PauseStatus.self)),
                handler: pauseStatus),
            resume, resume.alias("\(path)/resume"),
            Route(
                .post, "\(path)/restart", access: .permission(.projectAdminWrite), effect: .change("project.restart"),
                operation: Operation(
                    summary: "Restart a project", body: .optionalJSON(.object([])), answer: .empty(.created),
                    refusals: [.conflict])
            ) { try await accept(.restartRequested, $0) },
        ]
    }

    private func status(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: ["status": try request.project().status.studioStatus.rawValue])
    }

    private func accept(_ event: ProjectLifecycle.Event, _ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.accept(event, request)
        return try await APIResponse(.created).naming(operationOf: record.ref, in: catalog)
    }

    private func pauseStatus(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: PauseStatus(try request.project()))
    }

    private func resume(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.accept(.resumeRequested, request)
        let body = ResumedProject(record, organization: try request.organizationNumber(of: record))
        return try await APIResponse(json: body).naming(operationOf: record.ref, in: catalog)
    }
}

extension Operation.Refusal {
    /// 507 when no port or subnet is left.
    static let noLease = Operation.Refusal(status: .insufficientStorage, meaning: "no port or subnet is left")
}
