import HTTPTypes
import Orchestrator
import ProjectModel
import Reconciler

/// `/platform/projects/{ref}/…`: status, pause, resume, restart. Every request only changes the record; the next read
/// shows the transitional status already.
struct LifecycleController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        let path = "/platform/projects/{ref}"
        return [
            Route(.get, "\(path)/status", .permission(.projectAdminRead), status),
            Route(.post, "\(path)/pause", .permission(.projectAdminWrite)) { try await accept(.pauseRequested, $0) },
            Route(.get, "\(path)/pause/status", .permission(.projectAdminRead), pauseStatus),
            Route(.post, "\(path)/restore", .permission(.projectAdminWrite), resume),
            Route(.post, "\(path)/resume", .permission(.projectAdminWrite), resume),
            Route(.post, "\(path)/restart", .permission(.projectAdminWrite)) {
                try await accept(.restartRequested, $0)
            },
        ]
    }

    private func status(_ request: APIRequest) async throws -> APIResponse {
        let record = try await catalog.project(try request.ref())
        return try APIResponse(json: ["status": record.status.studioStatus.rawValue])
    }

    private func accept(_ event: ProjectLifecycle.Event, _ request: APIRequest) async throws -> APIResponse {
        _ = try await catalog.request(event, of: try request.ref())
        return APIResponse(.created)
    }

    private func pauseStatus(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: PauseStatus(try await catalog.project(try request.ref())))
    }

    private func resume(_ request: APIRequest) async throws -> APIResponse {
        try APIResponse(json: ResumedProject(try await catalog.request(.resumeRequested, of: try request.ref())))
    }
}
