import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Studio's view of a project's database and its machine. Projects share one host: there is one database each, no
/// replica, no disk of its own.
struct DatabasesController: Sendable {
    let catalog: ProjectCatalog
    let publicHost: String
    let time: any TimeSource

    var routes: [Route] { connections + disks + [wake] }

    private var connections: [Route] {
        let path = "/platform/projects/{ref}"
        return [
            get(
                "\(path)/databases", permission: .projectAdminRead, summary: "The database of a project",
                answer: .of([DatabaseRow].self)
            ) {
                let record = try $0.project()
                let stack = try await catalog.stack(of: record)
                guard stack.service(.database) != nil else { return try APIResponse(json: [DatabaseRow]()) }
                let row = DatabaseRow(
                    record, try ConnectionData(stack, publicHost), endpoint: try await catalog.endpoint(of: record))
                return try APIResponse(json: [row])
            },
            get(
                "\(path)/databases-statuses", permission: .projectAdminRead,
                summary: "The status of a project's database", answer: Self.statuses
            ) {
                let record = try $0.project()
                return try APIResponse(json: [
                    ["identifier": record.ref.text, "status": record.status.studioStatus.databaseStatus]
                ])
            },
            get(
                "\(path)/config/supavisor", permission: .poolerConfigRead, summary: "How the pooler is reached",
                answer: .of([PoolerRow].self)
            ) {
                let record = try $0.project()
                let stack = try await catalog.stack(of: record)
                guard stack.service(.pooler) != nil else { return try APIResponse(json: [PoolerRow]()) }
                let connection = try ConnectionData(stack, publicHost)
                return try APIResponse(json: [PoolerRow(record, connection)].compactMap { $0 })
            },
            get(
                "\(path)/config/pgbouncer", permission: .databaseRead, summary: "PgBouncer: not in use",
                answer: .of(PgBouncerBody.self)
            ) {
                let record = try $0.project()
                let connection = try ConnectionData(try await catalog.stack(of: record), publicHost)
                return try APIResponse(json: PgBouncerBody(record, connection))
            },
            get(
                "\(path)/service-versions", permission: .projectAdminRead, summary: "Versions of a project's services",
                answer: .json(.fields(.init("supabase-postgres", .text)))
            ) { request in
                let roles = try await catalog.stack(of: try request.project()).roles
                return try APIResponse(json: ["supabase-postgres": DatabaseVersion(roles).version])
            },
        ]
    }

    private var disks: [Route] {
        let path = "/platform/projects/{ref}/disk"
        let utilisation: Schema = .fields(
            .init("timestamp", .time),
            .init(
                "metrics",
                .fields(
                    .init("fs_size_bytes", .nullable(.integer())), .init("fs_avail_bytes", .nullable(.integer())),
                    .init("fs_used_bytes", .nullable(.integer())))))
        return [
            get(
                "\(path)/util", permission: .diskConfigRead,
                summary: "Use of the disk: projects share the host's, so there are no numbers",
                answer: .json(utilisation)
            ) { _ in
                let metrics: JSON = ["fs_size_bytes": nil, "fs_avail_bytes": nil, "fs_used_bytes": nil]
                return try APIResponse(
                    json: JSON.object(["timestamp": .string(time.now().rfc3339), "metrics": metrics]))
            }.supported(as: .empty)
        ]
    }

    /// Nothing here hibernates: the answer is what it would be after waking up.
    private var wake: Route {
        Route(
            .post, "/platform/projects/{ref}/wake", access: .permission(.projectAdminRead),
            operation: Operation(
                summary: "Wake a project up; none hibernates here", body: .optionalJSON(.object([])),
                answer: .json(
                    .fields(
                        .init("connection_string", .nullable(.text)),
                        .init("connection_string_read_only", .nullable(.text))), .created))
        ) { request in
            let connection = try request.project().opaqueConnection.map(JSON.string) ?? .null
            return try APIResponse(
                .created, json: JSON.object(["connection_string": connection, "connection_string_read_only": .null]))
        }
    }

    private static let statuses = Operation.Answer.json(
        .array(
            .fields(.init("identifier", .ref), .init("status", .choice(StudioStatus.databaseStatuses)))))

    private func get(
        _ path: String, permission: Permission, summary: String, answer: Operation.Answer,
        handler: @escaping Route.Handler
    ) -> Route {
        Route(
            .get, path, access: .permission(permission), operation: Operation(summary: summary, answer: answer),
            handler: handler)
    }
}
