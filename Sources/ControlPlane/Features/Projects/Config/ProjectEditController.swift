import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Changes of a project as a whole: its name, restarts of single services, and what cannot be chosen here.
struct ProjectEditController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        [rename("/platform/projects/{ref}"), rename("/v1/projects/{ref}"), restart, sensitivity] + diskRoutes
    }

    // MARK: Name

    private func rename(_ path: String) -> Route {
        Route(
            .patch, path, access: .permission(.projectAdminWrite), effect: .change("project.rename"),
            operation: Operation(
                summary: "Rename a project", body: .json(.fields(.init("name", .text(1...256)))),
                answer: .of(ProjectReference.self))
        ) { request in
            let before = try request.project()
            let record = try await catalog.rename(before.ref, to: try request.decode(NameBody.self).name)
            request.audit.change("name", from: before.name.text, to: record.name.text)
            return try APIResponse(json: ProjectReference(record))
        }
    }

    private struct NameBody: Decodable { let name: String }

    // MARK: Restart of services

    /// What the published API calls the services; a stack says which of its services each stands for.
    static let serviceNames = [
        "api-gateway", "envoy", "functions", "gotrue", "kong", "pgbouncer", "postgresql", "postgrest", "realtime",
        "storage",
    ]

    private var restart: Route {
        Route(
            .post, "/platform/projects/{ref}/restart-services", access: .permission(.projectAdminWrite),
            effect: .change("project.restart_services"),
            operation: Operation(
                summary: "Restart single services",
                body: .json(
                    .fields(
                        .init(
                            "restartRequest",
                            .fields(
                                .optional("region", .text),
                                .init("services", .array(.choice(Self.serviceNames))))))),
                answer: .empty(.created), refusals: [.conflict])
        ) { request in
            let names = try request.decode(RestartBody.self).restartRequest.services
            let record = try request.project()
            let stack = try await catalog.stack(of: record)
            let services = try names.map { try Self.service($0, of: stack) }
            let after = try await catalog.restartServices(of: record.ref, services)
            request.audit.target("services", Set(services.map(\.text)).sorted().joined(separator: ", "))
            request.audit.change("status", from: record.status.rawValue, to: after.status.rawValue)
            return APIResponse(.created)
        }
    }

    private struct RestartBody: Decodable {
        struct Wanted: Decodable { let services: [String] }
        let restartRequest: Wanted
    }

    private static func service(_ name: String, of stack: ProjectStack) throws -> ServiceName {
        guard let role = stack.roles.restartNames[name] else {
            guard serviceNames.contains(name) else {
                throw APIError(
                    .badRequest,
                    "there is no service \(String(name.prefix(64))); known are "
                        + serviceNames.joined(separator: ", "))
            }
            throw CatalogError.unsupported(stack.record.ref, .restartName(name))
        }
        return try stack.required(role)
    }

    // MARK: What cannot be chosen

    private var sensitivity: Route {
        let schema = Schema.fields(.init("is_sensitive", .boolean))
        return Route(
            .patch, "/platform/projects/{ref}/settings/sensitivity", access: .permission(.projectAdminWrite),
            operation: Operation(
                summary: "Mark a project as sensitive: refused, as nothing would follow from it", body: .json(schema),
                answer: .json(schema))
        ) { request in
            guard try !request.decode(Sensitivity.self).is_sensitive else {
                throw APIError.unoffered(
                    "the mark of a sensitive project", "roles limited to projects keep others out of it")
            }
            return try APIResponse(json: ["is_sensitive": false])
        }.supported(as: .empty)
    }

    private struct Sensitivity: Decodable { let is_sensitive: Bool }

    /// Projects share the host's file system: no project has a disk of its own.
    private var diskRoutes: [Route] {
        let path = "/v1/projects/{ref}/config/disk"
        let limit = Schema.nullable(.integer(1...Int64(Int32.max)))
        return [
            refused(.get, path: path, permission: .diskConfigRead, status: .ok),
            refused(.post, path: path, permission: .diskConfigWrite, status: .created),
            refused(.get, path: "\(path)/util", permission: .diskConfigRead, status: .ok),
            Route(
                .get, "\(path)/autoscale", access: .permission(.diskConfigRead),
                operation: Operation(
                    summary: "Automatic growth of the disk: unavailable",
                    answer: .json(
                        .fields(
                            .init("growth_percent", limit), .init("min_increment_gb", limit),
                            .init("max_size_gb", limit))))
            ) { _ in
                try APIResponse(
                    json: JSON.object(["growth_percent": .null, "min_increment_gb": .null, "max_size_gb": .null]))
            }.supported(as: .empty),
        ]
    }

    private func refused(
        _ method: HTTPRequest.Method, path: String, permission: Permission, status: HTTPResponse.Status
    ) -> Route {
        Route(
            method, path, access: .permission(permission),
            operation: Operation(
                summary: "Not offered: projects share the host's disk", answer: .json(.object([]), status))
        ) { _ in
            throw APIError.unoffered("a disk of a project's own", "projects share the disk of the host: watch it there")
        }.supported(as: .refused)
    }
}
