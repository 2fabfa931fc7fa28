import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// Upgrades of projects to the template version that is installed, in the shapes of the Management API; and changes of
/// a project's services.
struct UpgradeController: Sendable {
    let catalog: ProjectCatalog

    /// Most operations among which the latest upgrade is searched.
    static let operationsMax = 200

    var routes: [Route] {
        let path = "/v1/projects/{ref}/upgrade"
        let status = Route(
            .get, "\(path)/status", access: .anyOf([.projectAdminRead, .databaseRead]),
            operation: Operation(
                summary: "The latest upgrade of a project",
                query: [
                    Operation.Parameter(name: "tracking_id", schema: .uuid, description: "A certain upgrade")
                ], answer: .of(UpgradeStatusBody.self)), handler: status)
        return [
            Route(
                .get, "\(path)/eligibility", access: .anyOf([.projectAdminRead, .databaseRead]),
                operation: Operation(
                    summary: "Whether a project can be upgraded, and what that does",
                    answer: .of(UpgradeEligibility.self)), handler: eligibility),
            Route(
                .post, path, access: .anyOf([.projectAdminWrite, .databaseWrite]), effect: .change("project.upgrade"),
                operation: Operation(
                    summary: "Upgrade a project to the template version that is installed",
                    body: .json(UpgradeRequest.schema), answer: .of(TrackingBody.self, .created),
                    refusals: [.conflict, .noLease]), handler: upgrade),
            status, status.alias("/projects/{ref}/upgrade/status"),
            Route(
                .patch, "/platform/projects/{ref}/services", access: .permission(.projectAdminWrite),
                effect: .change("project.services"),
                operation: Operation(
                    summary: "Add services to a project and remove others; their volumes are kept",
                    body: .json(ServicesRequest.schema), answer: .of(ServicesChange.self),
                    refusals: [.conflict, .noLease]), handler: changeServices),
        ]
    }

    private func eligibility(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        do {
            return try APIResponse(json: UpgradeEligibility(try await catalog.upgradeProposal(for: record.ref)))
        } catch CatalogError.notUpgradable(let reason) {
            let database = DatabaseVersion(try await catalog.stack(of: record).roles)
            return try APIResponse(json: UpgradeEligibility(record, database, refusal: reason))
        }
    }

    private func upgrade(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(UpgradeRequest.self)
        let before = try request.project()
        let proposal = try await catalog.upgradeProposal(for: before.ref)
        let target = try body.target(of: proposal)
        let record = try await catalog.upgrade(before.ref, to: target, by: try request.caller().account.email)
        request.audit.change("status", from: before.status.rawValue, to: record.status.rawValue)
        request.audit.change("template_version", from: before.template?.text, to: target.text)
        return try await tracked(record, status: .created) { TrackingBody(trackingID: $0) }
    }

    private func status(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let wanted = request.query["tracking_id"]
        let operations = try await catalog.operations(of: record.ref, limit: Self.operationsMax)
        let found = operations.first { $0.kind == .upgrade && (wanted == nil || $0.id == wanted) }
        let image = found == nil ? nil : try await catalog.databaseImage(of: record)
        return try APIResponse(json: UpgradeStatusBody(found, record, major: image.flatMap(postgresMajor)))
    }

    private func changeServices(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(ServicesRequest.self)
        let (added, removed) = try body.checked()
        let before = try request.project()
        let proposal = try await catalog.servicesProposal(for: before.ref, adding: added, removing: removed)
        let plan = UpgradePlanBody(proposal)
        if body.dryRun == true { return try APIResponse(json: ServicesChange(trackingID: Nullable(nil), plan: plan)) }
        let record = try await catalog.changeServices(
            of: before.ref, adding: added, removing: removed, by: try request.caller().account.email)
        request.audit.change("status", from: before.status.rawValue, to: record.status.rawValue)
        request.audit.change(
            "services", from: before.services.map(\.text).sorted().joined(separator: " "),
            to: proposal.target.services.map(\.text).sorted().joined(separator: " "))
        return try await tracked(record, status: .ok) { ServicesChange(trackingID: Nullable($0), plan: plan) }
    }

    private func tracked<Body: Encodable>(
        _ record: ProjectRecord, status: HTTPResponse.Status, body: (String) -> Body
    ) async throws -> APIResponse {
        guard let operation = try await catalog.openOperation(of: record.ref) else {
            throw APIError(.conflict, "the project changed at the same moment: reload it and repeat")
        }
        return try await APIResponse(status, json: body(operation.id)).naming(operationOf: record.ref, in: catalog)
    }
}

/// Body of `POST /v1/projects/{ref}/upgrade`.
struct UpgradeRequest: DecodableBody {
    let targetVersion: String

    static let schemaName: String? = "UpgradeRequest"

    init(fields: BodyReader) throws {
        targetVersion = try fields.read("target_version")
        fields.ignore("release_channel", .choice(["internal", "alpha", "beta", "ga", "withdrawn", "preview"]))
    }

    /// The requested template version: by the major version of PostgreSQL, as published, or by its digest.
    func target(of proposal: UpgradeProposal) throws(APIError) -> TemplateDigest {
        let digest = proposal.target.template
        let major = proposal.databaseImages.after.flatMap(postgresMajor)
        guard targetVersion == digest.text || targetVersion == digest.short || major.map({ "\($0)" }) == targetVersion
        else {
            let known = major.map { "\($0) (PostgreSQL) or " } ?? ""
            throw APIError(
                .badRequest,
                "target_version must be one that is installed: \(known)\(digest.short) (the template version)")
        }
        return digest
    }
}

/// Body of `PATCH /platform/projects/{ref}/services`.
struct ServicesRequest: DecodableBody {
    let add: [String]?
    let remove: [String]?
    let dryRun: Bool?

    static let schemaName: String? = "ServicesRequest"

    init(fields: BodyReader) throws {
        add = try fields.readIfPresent("add")
        remove = try fields.readIfPresent("remove")
        dryRun = try fields.readIfPresent("dry_run")
    }

    /// The names of both lists; 400 for an invalid one.
    func checked() throws(APIError) -> (added: [String], removed: [String]) {
        let (added, removed) = (add ?? [], remove ?? [])
        let all = added + removed
        guard (1...CreateProjectBody.servicesMax).contains(all.count) else {
            throw APIError(.badRequest, "add and remove must list 1 to \(CreateProjectBody.servicesMax) services")
        }
        guard all.allSatisfy({ ServiceName($0) != nil }) else {
            throw APIError(.badRequest, "add or remove holds something that is not the name of a service")
        }
        guard Set(all).count == all.count else { throw APIError(.badRequest, "a service is listed twice") }
        return (added, removed)
    }
}

/// Answer of `POST /v1/projects/{ref}/upgrade`.
struct TrackingBody: EncodableBody {
    let trackingID: String

    static let shape = BodyShape<Self>(
        "UpgradeTracking",
        [
            .init("tracking_id", of: \.trackingID)
        ])
}

/// Answer of `PATCH /platform/projects/{ref}/services`.
struct ServicesChange: EncodableBody {
    let trackingID: Nullable<String>
    let plan: UpgradePlanBody

    static let shape = BodyShape<Self>(
        "ServicesChange",
        [
            .init("tracking_id", of: \.trackingID),
            .init("plan", of: \.plan),
        ])
}
