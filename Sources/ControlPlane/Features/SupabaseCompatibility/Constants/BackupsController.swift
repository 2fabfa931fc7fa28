import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Backups. The manager makes none: lists are empty, and requests that need one are refused.
struct BackupsController: Sendable {
    private static let refusal = APIError.unoffered(
        "a backup of projects", "dump the database with pg_dump or supabase db dump, and back up the host's volumes")

    var routes: [Route] {
        let answered = (studioRoutes + v1Routes).map { $0.supported(as: .empty) }
        return answered + (missingRoutes + refusedRoutes).map { $0.supported(as: .refused) }
    }

    private var studioRoutes: [Route] {
        let path = "/platform/database/{ref}/backups"
        let backup = Schema.fields(
            .init("id", .integer()), .init("project_id", .integer()), .init("isPhysicalBackup", .boolean),
            .init("status", .text), .init("inserted_at", .time))
        return [
            Route(
                .get, path, access: .permission(.backupsRead),
                operation: Operation(
                    summary: "Backups: none",
                    answer: .json(
                        .fields(
                            .init("region", .text), .init("walg_enabled", .boolean), .init("pitr_enabled", .boolean),
                            .init("physicalBackupData", .object([])), .init("backups", .array(backup)),
                            .init("tierKey", .text))))
            ) { request in
                try APIResponse(
                    json: JSON.object([
                        "region": .string(try request.project().region), "walg_enabled": false,
                        "pitr_enabled": false, "physicalBackupData": [:], "backups": [], "tierKey": "FREE",
                    ]))
            },
            Route(
                .get, "\(path)/downloadable-backups", access: .permission(.backupsRead),
                operation: Operation(
                    summary: "Backups to download: none",
                    answer: .json(
                        .fields(
                            .init("status", .choice(["ok", "physical-backups-enabled", "project-not-active"])),
                            .init("backups", .array(backup)))))
            ) { _ in try APIResponse(json: JSON.object(["status": "ok", "backups": []])) },
            Route(
                .get, "/platform/database/{ref}/clone/status", access: .permission(.backupsRead),
                operation: Operation(
                    summary: "Clones of a project: none",
                    answer: .json(
                        .fields(.init("id", .integer()), .init("ref", .ref), .init("clones", .array(.object([]))))))
            ) { request in
                let record = try request.project()
                return try APIResponse(
                    json: JSON.object([
                        "id": .integer(record.number), "ref": .string(record.ref.text), "clones": [],
                    ]))
            },
        ]
    }

    private var v1Routes: [Route] {
        let path = "/v1/projects/{ref}/database/backups"
        let backup = Schema.fields(
            .init("id", .integer()), .init("is_physical_backup", .boolean), .init("status", .text),
            .init("inserted_at", .time))
        return [
            Route(
                .get, path, access: .permission(.backupsRead),
                operation: Operation(
                    summary: "Backups: none",
                    answer: .json(
                        .fields(
                            .init("region", .text), .init("walg_enabled", .boolean), .init("pitr_enabled", .boolean),
                            .init("backups", .array(backup)), .init("physical_backup_data", .object([])))))
            ) { request in
                try APIResponse(
                    json: JSON.object([
                        "region": .string(try request.project().region), "walg_enabled": false,
                        "pitr_enabled": false, "backups": [], "physical_backup_data": [:],
                    ]))
            }
        ]
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
