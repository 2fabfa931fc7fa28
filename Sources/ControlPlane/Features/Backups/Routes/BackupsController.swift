import APIKit
import BackupModel
import BackupOperations
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Backups of a project's database: `/v1` as published, Studio's paths, and the manager's own.
struct BackupsController: Sendable {
    let backups: BackupCatalog

    private static let studio = "/platform/database/{ref}/backups"
    private static let v1 = "/v1/projects/{ref}/database/backups"
    private static let conflict = Operation.Refusal(
        status: .conflict, meaning: "not in the project's present status, or while another operation is in progress")
    private static let unknown = Operation.Refusal(status: .notFound, meaning: "the project has no such backup")

    var routes: [Route] { readRoutes + restoreRoutes + scheduleRoutes + ownRoutes }

    private var readRoutes: [Route] {
        [
            Route(
                .get, Self.v1, access: .permission(.backupsRead),
                operation: Operation(
                    summary: "Backups of a project's database; complete ones were restored for a trial",
                    answer: .of(V1BackupsBody.self))
            ) { request in
                let record = try request.project()
                let log = try await backups.logCopy(of: record.ref)
                return try APIResponse(
                    json: V1BackupsBody(
                        try await backups.backups(of: record.ref), log, of: record, isOn: backups.isOn))
            },
            Route(
                .get, Self.studio, access: .permission(.backupsRead),
                operation: Operation(
                    summary: "Backups of a project's database, with how each was made and whether it was restored",
                    answer: .of(BackupsBody.self))
            ) { request in
                let record = try request.project()
                let log = try await backups.logCopy(of: record.ref)
                return try APIResponse(
                    json: BackupsBody(
                        try await backups.backups(of: record.ref), log, of: record, store: backups.storeKind))
            },
        ]
    }

    private var restoreRoutes: [Route] {
        ["\(Self.v1)/restore", "\(Self.studio)/restore", "\(Self.studio)/restore-physical"].map { path in
            Route(
                .post, path, access: .permission(.backupsWrite), effect: .change("backup.restore"),
                operation: Operation(
                    summary: "Restore a project's database from a backup; the volume that it has is kept",
                    body: .json(RestoreRequest.schema), answer: .empty(.created),
                    refusals: [Self.unknown, Self.conflict]),
                handler: restore)
        }
            + ["\(Self.v1)/restore-pitr", "\(Self.studio)/pitr"].map { path in
                Route(
                    .post, path, access: .permission(.backupsWrite), effect: .change("backup.restore"),
                    operation: Operation(
                        summary: "Restore a project's database to a moment; the volume that it has is kept",
                        body: .json(MomentRequest.schema), answer: .empty(.created), refusals: [Self.conflict]),
                    handler: restoreToMoment)
            }
    }

    private var scheduleRoutes: [Route] {
        let none = Operation.Refusal(status: .notFound, meaning: "the project has no schedule")
        return [
            Route(
                .get, "\(Self.v1)/schedule", access: .permission(.backupsRead),
                operation: Operation(
                    summary: "When a project is backed up every day", answer: .of(ScheduleBody.self),
                    refusals: [none])
            ) { request in
                try APIResponse(json: ScheduleBody(try await backups.schedule(of: try request.project().ref)))
            },
            Route(
                .patch, "\(Self.v1)/schedule", access: .permission(.backupsWrite), effect: .change("backup.schedule"),
                operation: Operation(
                    summary: "Have a project backed up every day at a time in UTC, and its log copied in between",
                    body: .json(ScheduleRequest.schema), answer: .of(ScheduleBody.self))
            ) { request in
                let body = try request.decode(ScheduleRequest.self)
                guard body.scheduleFor != nil || body.pointInTime != nil else {
                    throw APIError(.badRequest, "say schedule_for, point_in_time or both")
                }
                let schedule = try await backups.setSchedule(
                    body.scheduleFor, copiesLog: body.pointInTime, of: try request.project().ref)
                request.audit.change("schedule_for", from: nil, to: schedule.rule.text)
                request.audit.change("point_in_time", from: nil, to: "\(schedule.copiesLog)")
                return try APIResponse(json: ScheduleBody(schedule))
            },
        ]
    }

    private var ownRoutes: [Route] {
        [
            Route(
                .post, Self.studio, access: .permission(.backupsWrite), effect: .change("backup.create"),
                operation: Operation(
                    summary: "Back up a project's database now; the answer comes before it is made",
                    body: .optionalJSON(.object([])), answer: .of(BackupBody.self, .created), refusals: [Self.conflict]),
                handler: create),
            Route(
                .post, "\(Self.studio)/{id}/verify", access: .permission(.backupsWrite),
                effect: .change("backup.verify"),
                operation: Operation(
                    summary: "Restore a backup where nobody uses it, to see that it can be",
                    body: .optionalJSON(.object([])), answer: .of(BackupBody.self, .accepted),
                    refusals: [Self.unknown]), handler: verify),
            Route(
                .post, "\(Self.studio)/undo-restore", access: .permission(.backupsWrite),
                effect: .change("backup.undo-restore"),
                operation: Operation(
                    summary: "Go back to the volume that the database had before its last restore",
                    body: .optionalJSON(.object([])), answer: .empty(.created), refusals: [Self.conflict]),
                handler: undo),
        ]
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let backup = try await backups.create(of: record.ref, by: try request.caller().account.email)
        request.audit.target("backup", "\(backup.id)")
        return try APIResponse(.created, json: BackupBody(backup, of: record))
    }

    private func verify(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        guard let id = Int64(try request.parameter("id")) else {
            throw APIError(.notFound, "no backup has the number in the path")
        }
        let backup = try await backups.verify(id, of: record.ref)
        request.audit.target("backup", "\(id)")
        return try APIResponse(.accepted, json: BackupBody(backup, of: record))
    }

    private func restore(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.project()
        let body = try request.decode(RestoreRequest.self)
        request.audit.target("backup", "\(body.id)")
        _ = try await backups.restore(body.id, of: before.ref, by: try request.caller().account.email)
        request.audit.change("status", from: before.status.rawValue, to: ProjectStatus.restoring.rawValue)
        return APIResponse(.created)
    }

    private func restoreToMoment(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.project()
        let moment = try request.decode(MomentRequest.self).moment
        request.audit.target("moment", moment.rfc3339)
        _ = try await backups.restore(to: moment, of: before.ref, by: try request.caller().account.email)
        request.audit.change("status", from: before.status.rawValue, to: ProjectStatus.restoring.rawValue)
        return APIResponse(.created)
    }

    private func undo(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.project()
        let restore = try await backups.undo(of: before.ref, by: try request.caller().account.email)
        if case .volume(let name) = restore.source { request.audit.target("volume", name) }
        request.audit.change("status", from: before.status.rawValue, to: ProjectStatus.restoring.rawValue)
        return APIResponse(.created)
    }
}
