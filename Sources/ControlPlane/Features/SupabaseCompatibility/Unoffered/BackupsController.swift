import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Requests that need a backup are refused: the manager makes none.
struct BackupsController: Sendable {
    private static let refusal = APIError.unoffered(
        "a backup of projects", "dump the database with pg_dump or supabase db dump, and back up the host's volumes")

    var routes: [Route] {
        (missingRoutes + refusedRoutes).map { $0.supported(as: .refused) }
    }

    private var missingRoutes: [Route] {
        let path = "/v1/projects/{ref}/database/backups"
        return [
            missing(
                .get, path: "\(path)/schedule", permission: .backupsRead, reason: "there is no schedule of backups"),
            missing(
                .patch, path: "\(path)/schedule", permission: .backupsWrite, reason: "there is no schedule of backups"),
            missing(.get, path: "\(path)/restore-point", permission: .backupsRead, reason: "there is no restore point"),
        ]
    }

    /// 404 for an object that does not exist here.
    private func missing(
        _ method: HTTPRequest.Method, path: String, permission: Permission, reason: String
    ) -> Route {
        Route(
            method, path, access: .permission(permission),
            operation: Operation(summary: "Not there: \(reason)", answer: .json(.object([])))
        ) { _ in throw APIError(.notFound, "\(reason): \(Self.refusal.message)") }
    }

    private var refusedRoutes: [Route] {
        let studio = "/platform/database/{ref}"
        let path = "/v1/projects/{ref}/database/backups"
        let posts = [
            "\(studio)/backups/restore", "\(studio)/backups/download", "\(studio)/backups/restore-physical",
            "\(studio)/backups/pitr", "\(studio)/backups/enable-physical-backups", "\(studio)/clone",
            "\(path)/restore", "\(path)/restore-pitr", "\(path)/restore-point", "\(path)/undo",
        ]
        return posts.map { refused(.post, path: $0, permission: .backupsWrite, status: .created) }
            + [refused(.get, path: "\(studio)/clone", permission: .backupsRead, status: .ok)]
    }

    private func refused(
        _ method: HTTPRequest.Method, path: String, permission: Permission, status: HTTPResponse.Status
    ) -> Route {
        Route(
            method, path, access: .permission(permission),
            operation: Operation(summary: "Not offered: the manager makes no backups", answer: .empty(status))
        ) { _ in throw Self.refusal }
    }
}
