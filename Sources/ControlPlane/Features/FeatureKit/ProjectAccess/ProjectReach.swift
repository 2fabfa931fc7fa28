package import APIKit
import HTTPTypes
package import Identity
package import Orchestrator
package import ProjectModel

/// Reaches into a running project with the project's own credentials: its database by SQL, its services through its
/// gateway. Whether the caller may is decided before.
///
/// It goes to the containers, never to the ports that they publish: while a container is down, any user of this host
/// may listen there, and would receive the project's keys.
package struct ProjectReach: Sendable {
    package let catalog: ProjectCatalog
    private let databases: any ProjectDatabase
    package let gateways: any ProjectGateway
    package let addresses: any ServiceAddresses

    package init(
        catalog: ProjectCatalog, databases: any ProjectDatabase, gateways: any ProjectGateway,
        addresses: any ServiceAddresses
    ) {
        self.catalog = catalog
        self.databases = databases
        self.gateways = gateways
        self.addresses = addresses
    }

    /// The role that SQL runs as.
    package enum DatabaseUser {
        /// Those of the role that owns what users make.
        case owner
        /// Those of the stack's superuser.
        case administrator
    }

    /// Runs SQL on behalf of a caller, whose share of the sessions it takes; throws ``ProjectDatabaseError``,
    /// ``CatalogError`` and ``APIError``.
    package func run(
        _ query: ProjectQueryText, on record: ProjectRecord, as user: DatabaseUser = .owner, for caller: Principal
    ) async throws -> QueryAnswer {
        try await run(query, on: try await target(record, as: user), for: caller)
    }

    /// Runs SQL of the manager's own, which counts for no account; throws as ``run(_:on:as:for:)`` does.
    package func runOwn(_ query: ProjectQueryText, on record: ProjectRecord) async throws -> QueryAnswer {
        try await databases.run(query, on: try await target(record, as: .owner))
    }

    /// Runs SQL where a role logs in, as ``run(_:on:as:for:)`` does.
    package func run(
        _ query: ProjectQueryText, on target: DatabaseTarget, for caller: Principal
    ) async throws -> QueryAnswer {
        var query = query
        query.account = caller.account.id
        return try await databases.run(query, on: target)
    }

    /// How a role logs in to a project's database.
    package func target(_ record: ProjectRecord, as user: DatabaseUser) async throws -> DatabaseTarget {
        let stack = try await catalog.stack(of: record)
        let roles = try stack.database()
        let address = try await address(.database, of: stack, what: "database")
        let variable = try stack.variable(.databasePassword)
        guard let password = try await catalog.secrets(of: record.ref)[variable] else {
            throw CatalogError.unsupported(record.ref, .secret(.databasePassword))
        }
        return DatabaseTarget(
            ref: record.ref, host: "\(address.host)", port: address.port,
            user: user == .owner ? roles.owner : roles.administrator, password: password, roles: roles)
    }

    /// Sends a request through the gateway to the service with a role, as `service_role`; throws
    /// ``ProjectGatewayError``, ``CatalogError`` and ``APIError``.
    package func send(
        _ request: GatewayRequest, to record: ProjectRecord, service role: ServiceRole
    ) async throws -> GatewayAnswer {
        let stack = try await catalog.stack(of: record)
        _ = try stack.required(.gateway)
        _ = try stack.required(role)
        let address = try await address(.gateway, of: stack, what: "gateway")
        let target = GatewayTarget(
            ref: record.ref, baseURL: "http://\(address.host):\(address.port)",
            serviceKey: try await catalog.serviceKey(of: record.ref))
        return try await gateways.send(request, to: target)
    }

    /// Sends a request with a JSON body, and refuses where the service refuses.
    package func json(
        _ method: String, _ path: String, query: [(String, String)] = [], body: JSON? = nil, to record: ProjectRecord,
        service role: ServiceRole
    ) async throws -> GatewayAnswer {
        let request = try GatewayRequest(
            method: method, path: path, query: query,
            headers: body == nil ? [] : [("Content-Type", "application/json")],
            body: try body.map { try $0.bytes() } ?? [])
        let answer = try await send(request, to: record, service: role)
        guard answer.isSuccess else { throw answer.refusal(by: role) }
        return answer
    }

    private func address(
        _ purpose: PortPurpose, of stack: ProjectStack, what: String
    ) async throws -> ServiceAddress {
        try stack.record.requireServices()
        guard let address = await addresses.address(behind: try stack.variable(purpose), of: stack.record) else {
            throw APIError.unavailable(
                "the \(what) of project \(stack.record.ref) does not run, as far as the manager has seen: try again when "
                    + "the project is up")
        }
        return address
    }
}

extension ProjectRecord {
    /// 400 for a project whose services do not run and are not about to.
    package func requireServices() throws(APIError) {
        switch status {
        case .paused, .pausing:
            throw APIError(.badRequest, "project \(ref) is paused: resume it first")
        case .restoring:
            throw APIError(.badRequest, "project \(ref) is being restored: its services do not run until that is over")
        case .failed, .rollingBack:
            throw APIError(.badRequest, "project \(ref) did not start: its services do not run")
        case .deleting, .deleted:
            throw APIError(.badRequest, "project \(ref) is being deleted")
        case .provisioning, .starting, .active, .degraded, .resuming, .restarting, .upgrading, .reverting: return
        }
    }
}
