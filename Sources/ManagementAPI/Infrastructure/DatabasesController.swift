import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// What Studio asks about a project's database and the machine that it believes to be under it. Projects here share
/// one host: there is one database each, no replica, no disk of its own.
struct DatabasesController: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration
    let time: any TimeSource

    var routes: [Route] { connections + disks + [wake] }

    private var connections: [Route] {
        let path = "/platform/projects/{ref}"
        return [
            get("\(path)/databases", .projectAdminRead, "The database of a project", .of([DatabaseRow].self)) {
                let record = try $0.project()
                let stack = try await catalog.stack(of: record)
                guard stack.service(.database) != nil else { return try APIResponse(json: [DatabaseRow]()) }
                let row = DatabaseRow(
                    record, try ConnectionData(stack, configuration), endpoint: try await catalog.endpoint(of: record))
                return try APIResponse(json: [row])
            },
            get("\(path)/databases-statuses", .projectAdminRead, "The status of a project's database", Self.statuses) {
                let record = try $0.project()
                return try APIResponse(json: [
                    ["identifier": record.ref.text, "status": record.status.studioStatus.databaseStatus]
                ])
            },
            get("\(path)/config/supavisor", .poolerConfigRead, "How the pooler is reached", .of([PoolerRow].self)) {
                let record = try $0.project()
                let stack = try await catalog.stack(of: record)
                guard stack.service(.pooler) != nil else { return try APIResponse(json: [PoolerRow]()) }
                let connection = try ConnectionData(stack, configuration)
                return try APIResponse(json: [PoolerRow(record, connection)].compactMap { $0 })
            },
            get("\(path)/config/pgbouncer", .databaseRead, "PgBouncer: not in use", .of(PgBouncerBody.self)) {
                let record = try $0.project()
                let connection = try ConnectionData(try await catalog.stack(of: record), configuration)
                return try APIResponse(json: PgBouncerBody(record, connection))
            },
            get(
                "\(path)/service-versions", .projectAdminRead, "Versions of a project's services",
                .json(.fields(.init("supabase-postgres", .text)))
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
                "\(path)/util", .diskConfigRead, "Use of the disk: projects share the host's, so there are no numbers",
                .json(utilisation)
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
            .post, "/platform/projects/{ref}/wake", .permission(.projectAdminRead),
            Operation(
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
        _ path: String, _ permission: Permission, _ summary: String, _ answer: Operation.Answer,
        _ handler: @escaping Route.Handler
    ) -> Route {
        Route(.get, path, .permission(permission), Operation(summary: summary, answer: answer), handler)
    }
}
