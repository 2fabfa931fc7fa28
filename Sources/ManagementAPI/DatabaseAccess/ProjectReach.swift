import HTTPTypes
import Orchestrator
import ProjectModel

/// Reaches into a running project with the project's own credentials: its database by SQL, its services through its
/// gateway. Whether the caller may is decided before.
///
/// It goes to the containers, never to the ports that they publish: while a container is down, whoever has an account
/// on this host may listen there, and would be sent the project's keys.
struct ProjectReach: Sendable {
    let catalog: ProjectCatalog
    let databases: any ProjectDatabase
    let gateways: any ProjectGateway
    let addresses: any ServiceAddresses
    let configuration: ManagementAPIConfiguration

    /// The role that people's SQL runs as.
    static let owner = "postgres"

    /// Runs SQL; throws ``ProjectDatabaseError`` and ``APIError``.
    func run(
        _ query: ProjectQueryText, on record: ProjectRecord, as user: String = Self.owner
    ) async throws -> QueryAnswer {
        try record.requireServices()
        guard let password = try await catalog.secrets(of: record.ref)[configuration.databasePasswordVariable] else {
            throw APIError(.badRequest, "project \(record.ref) has no database")
        }
        return try await databases.run(query, on: try await database(of: record, as: user, password: password))
    }

    /// The database of a project, for a role with its password.
    func database(
        of record: ProjectRecord, as user: String, password: Secret<String>
    ) async throws(APIError) -> DatabaseTarget {
        let address = try await address(configuration.databasePortVariable, of: record, what: "database")
        return DatabaseTarget(
            ref: record.ref, host: "\(address.host)", port: address.port, user: user, password: password)
    }

    /// Sends a request to the gateway as `service_role`; throws ``ProjectGatewayError`` and ``APIError``.
    func send(_ request: GatewayRequest, to record: ProjectRecord) async throws -> GatewayAnswer {
        let address = try await address(configuration.gatewayPortVariable, of: record, what: "gateway")
        let target = GatewayTarget(
            ref: record.ref, baseURL: "http://\(address.host):\(address.port)",
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

    private func address(
        _ variable: String, of record: ProjectRecord, what: String
    ) async throws(APIError) -> ServiceAddress {
        try record.requireServices()
        guard let address = await addresses.address(behind: variable, of: record) else {
            throw .unavailable(
                "the \(what) of project \(record.ref) does not run, as far as the manager has seen: try again when the "
                    + "project is up")
        }
        return address
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
