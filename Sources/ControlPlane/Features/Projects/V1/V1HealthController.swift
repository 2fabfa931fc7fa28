import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// `GET /v1/projects/{ref}/health`. It answers from what the loops know: no probe runs inside a request.
struct V1HealthController: Sendable {
    let catalog: ProjectCatalog

    /// Longest `timeout_ms` that a client may send.
    static let timeoutMillisecondsMax = 10_000

    var routes: [Route] {
        [
            Route(
                .get, "/v1/projects/{ref}/health", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "The health of a project's services",
                    query: [
                        Operation.Parameter(
                            name: "services", schema: .array(.choice(HealthName.allCases.map(\.rawValue))),
                            description: "Services asked for: repeated, or separated by commas"),
                        Operation.Parameter(
                            name: "timeout_ms", schema: .integer(0...Int64(Self.timeoutMillisecondsMax)),
                            description: "Accepted; nothing here waits"),
                    ], answer: .of([HealthEntry].self)), handler: health)
        ]
    }

    private func health(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let wanted = try Self.wanted(request.query)
        // Accepted and checked, but nothing here waits.
        _ = try request.query.number("timeout_ms", in: 0...Self.timeoutMillisecondsMax, default: 0)
        let stack = try await catalog.stack(of: record.inForce)
        let reports = try await catalog.health(of: record.ref)
        let entries = wanted.compactMap { name -> HealthEntry? in
            guard let role = stack.roles.healthNames[name.rawValue], let service = stack.service(role),
                let report = reports.first(where: { $0.service == service })
            else { return nil }
            return HealthEntry(name, report.state(of: role), in: record.status)
        }
        return try APIResponse(json: entries)
    }

    /// The services asked for, each once; all of them when none is named.
    private static func wanted(_ query: QueryParameters) throws(APIError) -> [HealthName] {
        guard let texts = query.list("services") else { return HealthName.allCases }
        var names: [HealthName] = []
        for text in texts {
            guard let name = HealthName(rawValue: text) else {
                let known = HealthName.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "services must be a list of \(known)")
            }
            if !names.contains(name) { names.append(name) }
        }
        return names
    }
}

/// The eight services that the Management API has health names for.
enum HealthName: String, CaseIterable, Sendable {
    case auth, db
    case dbPostgresUser = "db_postgres_user"
    case pooler, realtime, rest, storage
    case pgBouncer = "pg_bouncer"
}

/// One service in the health answer.
struct HealthEntry: EncodableBody, Equatable {
    let name: String
    let healthy: Bool
    let status: String
    let error: String?

    static let shape = BodyShape<Self>(
        "ServiceHealth",
        [
            .init("name", .choice(HealthName.allCases.map(\.rawValue)), of: \.name),
            .init("healthy", of: \.healthy),
            .init("status", .choice(["COMING_UP", "ACTIVE_HEALTHY", "UNHEALTHY"]), of: \.status),
            .optional("error", of: \.error),
        ])

    /// While a project starts nothing is unhealthy yet: the Terraform provider gives up at the first UNHEALTHY.
    init(_ name: HealthName, _ state: Assessment.ServiceState, in projectStatus: ProjectStatus) {
        self.name = name.rawValue
        switch state {
        case .ready: (healthy, status, error) = (true, "ACTIVE_HEALTHY", nil)
        case .comingUp, .unknown: (healthy, status, error) = (false, "COMING_UP", nil)
        case .failing where projectStatus.isStart: (healthy, status, error) = (false, "COMING_UP", nil)
        case .failing(let text): (healthy, status, error) = (false, "UNHEALTHY", text)
        }
    }
}

extension ProjectStatus {
    /// Whether services are on their first start since it was requested.
    fileprivate var isStart: Bool {
        switch self {
        case .provisioning, .starting, .resuming, .restarting, .upgrading, .reverting, .restoring: true
        case .active, .degraded, .pausing, .paused, .rollingBack, .failed, .deleting, .deleted: false
        }
    }
}
