import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Requests about backups that are not served: restore points, dumps to download, clones.
struct UnofferedBackupsController: Sendable {
    private static let refusal = APIError.unoffered(
        "a restore point, a backup to download or a clone",
        "restore a backup or a moment (restore-pitr), or dump the database with pg_dump or supabase db dump")

    var routes: [Route] {
        (missingRoutes + refusedRoutes).map { $0.supported(as: .refused) }
    }

    private var missingRoutes: [Route] {
        let path = "/v1/projects/{ref}/database/backups"
        return [
            missing(.get, path: "\(path)/restore-point", permission: .backupsRead, reason: "there is no restore point")
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
            "\(studio)/backups/download", "\(studio)/backups/enable-physical-backups",
            "\(studio)/clone",
            "\(path)/restore-point", "\(path)/undo",
        ]
        return posts.map { refused(.post, path: $0, permission: .backupsWrite, status: .created) }
            + [refused(.get, path: "\(studio)/clone", permission: .backupsRead, status: .ok)]
    }

    private func refused(
        _ method: HTTPRequest.Method, path: String, permission: Permission, status: HTTPResponse.Status
    ) -> Route {
        Route(
            method, path, access: .permission(permission),
            operation: Operation(
                summary: "Not offered: backups and moments are restored, and in place", answer: .empty(status))
        ) { _ in throw Self.refusal }
    }
}
