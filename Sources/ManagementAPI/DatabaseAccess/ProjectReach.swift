import HTTPTypes
import Orchestrator
import ProjectModel

/// Reaches into a running project with the project's own credentials: its database by SQL, its services through its
/// gateway. Whether the caller may is decided before.
struct ProjectReach: Sendable {
    let catalog: ProjectCatalog
    let databases: any ProjectDatabase
    let gateways: any ProjectGateway
    let configuration: ManagementAPIConfiguration

    /// The role that people's SQL runs as.
    static let owner = "postgres"

    /// Runs SQL; throws ``ProjectDatabaseError`` and ``APIError``.
    func run(
        _ query: ProjectQueryText, on record: ProjectRecord, as user: String = Self.owner
    ) async throws -> QueryAnswer {
        let port = try port(configuration.databasePortVariable, of: record)
        guard let password = try await catalog.secrets(of: record.ref)[configuration.databasePasswordVariable] else {
            throw APIError(.badRequest, "project \(record.ref) has no database")
        }
        let target = DatabaseTarget(
            ref: record.ref, host: configuration.accessHost, port: port, user: user, password: password)
        return try await databases.run(query, on: target)
    }

    /// Sends a request to the gateway as `service_role`; throws ``ProjectGatewayError`` and ``APIError``.
    func send(_ request: GatewayRequest, to record: ProjectRecord) async throws -> GatewayAnswer {
        let port = try port(configuration.gatewayPortVariable, of: record)
        let target = GatewayTarget(
            ref: record.ref, baseURL: "http://\(configuration.accessHost):\(port)",
            serviceKey: try await catalog.serviceKey(of: record.ref))
        return try await gateways.send(request, to: target)
    }

    /// Sends a request with a JSON body, and refuses where the service refuses.
    func json(
        _ method: String, _ path: String, query: [(String, String)] = [], body: JSON? = nil, to record: ProjectRecord,
        service: String
    ) async throws -> GatewayAnswer {
        let request = try GatewayRequest(
            method: method, path: path, query: query,
            headers: body == nil ? [] : [("Content-Type", "application/json")],
            body: try body.map { try $0.bytes() } ?? [])
        let answer = try await send(request, to: record)
        guard answer.isSuccess else { throw answer.refusal(by: service) }
        return answer
    }

    private func port(_ variable: String, of record: ProjectRecord) throws(APIError) -> UInt16 {
        try record.requireServices()
        guard let port = record.leases?.ports[variable] else {
            throw .unavailable("project \(record.ref) has no port for this yet: try again when it is up")
        }
        return port
    }
}

extension ProjectRecord {
    /// 400 for a project whose services do not run and are not about to.
    func requireServices() throws(APIError) {
        switch status {
        case .paused, .pausing:
            throw APIError(.badRequest, "project \(ref) is paused: resume it first")
        case .failed, .rollingBack:
            throw APIError(.badRequest, "project \(ref) did not start: its services do not run")
        case .deleting, .deleted:
            throw APIError(.badRequest, "project \(ref) is being deleted")
        case .provisioning, .starting, .active, .degraded, .resuming, .restarting, .upgrading, .reverting: return
        }
    }
}
