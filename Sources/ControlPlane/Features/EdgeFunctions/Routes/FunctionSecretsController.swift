import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/v1/projects/{ref}/secrets`: variables that a project's functions read. Values go in and never come out.
struct FunctionSecretsController: Sendable {
    let catalog: ProjectCatalog

    var routes: [Route] {
        let path = "/v1/projects/{ref}/secrets"
        return [
            Route(
                .get, path, access: .permission(.functionSecretsRead),
                operation: Operation(
                    summary: "The secrets of a project's functions, each with the SHA-256 of its value",
                    answer: .of([FunctionSecret].self))
            ) { request in
                try APIResponse(
                    json: try await catalog.functionSecrets(of: try request.project().ref).map(FunctionSecret.init))
            },
            Route(
                .post, path, access: .permission(.functionSecretsWrite), effect: .change("function_secrets.set"),
                operation: Operation(
                    summary: "Set secrets; the functions' container is replaced",
                    body: .json(.array(NewFunctionSecret.schema)), answer: .empty(.created)), handler: set
            ).takingLargeBody,
            Route(
                .delete, path, access: .permission(.functionSecretsWrite), effect: .change("function_secrets.delete"),
                operation: Operation(
                    summary: "Forget secrets; the functions' container is replaced", body: .json(.array(.text)),
                    answer: .empty(.ok)), handler: delete),
        ]
    }

    private func set(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        _ = try await catalog.stack(of: record).required(.functions)
        var secrets: [String: Secret<String>] = [:]
        for secret in try request.decode([NewFunctionSecret].self) { secrets[secret.name] = Secret(secret.value) }
        try await catalog.setFunctionSecrets(secrets, of: record.ref)
        note(secrets.keys.sorted(), request.audit)
        return APIResponse(.created)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let names = try request.decode([String].self)
        try await catalog.deleteFunctionSecrets(names, of: try request.project().ref)
        note(Set(names).sorted(), request.audit)
        return APIResponse(.ok)
    }

    /// Names are no secrets: people see them in every list.
    private func note(_ names: [String], _ audit: AuditNotes) {
        audit.target("secrets", String(names.joined(separator: ", ").prefix(Self.auditedMax)))
    }

    /// Characters of the names that the audit trail repeats.
    private static let auditedMax = 1_000
}

/// A secret on the wire, without its value: Terraform compares digests.
struct FunctionSecret: Encodable, Sendable, Documented {
    let name: String
    let value: String
    let updatedAt: String

    init(_ secret: FunctionSecretSummary) {
        name = secret.name
        value = secret.digest
        updatedAt = secret.updatedAt.rfc3339
    }

    static let schema = Schema.named(
        "FunctionSecret",
        .fields(
            .init("name", .text), .init("value", .pattern("^[0-9a-f]{64}$")), .init("updated_at", .time)))

    enum CodingKeys: String, CodingKey {
        case name, value
        case updatedAt = "updated_at"
    }
}

/// A secret to set.
struct NewFunctionSecret: Decodable, Sendable {
    let name: String
    let value: String

    static let schema = Schema.fields(
        .init("name", .pattern("^(?!SUPABASE_)[A-Za-z_][A-Za-z0-9_]{0,255}$")),
        .init("value", .text(0...SettingLimits.functionSecretBytesMax)))
}
