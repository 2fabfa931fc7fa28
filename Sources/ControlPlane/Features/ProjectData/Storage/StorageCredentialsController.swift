import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Further keys of a project's S3 endpoint, which its own storage service keeps: a key counts and ends at once, without
/// a restart. A stack whose storage has no such keys has the pair that it was made with.
struct StorageCredentialsController: Sendable {
    let reach: ProjectReach

    private static let service = ServiceRole.storage
    private static let servicePath = "/storage/v1/projectd/s3-credentials"

    private static let credential = Schema.fields(
        .init("id", .text), .init("description", .text), .init("created_at", .text), .optional("access_key", .text))

    var routes: [Route] {
        let path = "/platform/storage/{ref}/credentials"
        return [
            Route(
                .get, path, access: .permission(.storageRead),
                operation: Operation(
                    summary: "Further keys of the S3 endpoint, without their secrets",
                    answer: .json(.fields(.init("data", .array(Self.credential)))), refusals: Operation.Refusal.upstream
                ),
                handler: list),
            Route(
                .post, path, access: .permission(.storageWrite), effect: .external("storage.credential.create"),
                operation: Operation(
                    summary: "Make a key of the S3 endpoint; its secret is shown this once",
                    body: .json(NewCredentialBody.schema),
                    answer: .json(
                        .fields(
                            .init("id", .text), .init("description", .text), .init("access_key", .text),
                            .init("secret_key", .text)), .created),
                    refusals: Operation.Refusal.upstream),
                handler: create
            ).showing(.shownOnce),
            Route(
                .delete, "\(path)/{id}", access: .permission(.storageWrite),
                effect: .external("storage.credential.delete"),
                operation: Operation(
                    summary: "Delete a key of the S3 endpoint: requests signed with it are refused from now on",
                    answer: .empty(.noContent), refusals: Operation.Refusal.upstream),
                handler: delete
            ).refusingUnknownQuery,
        ]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        guard let answer = try await send("GET", to: "", for: request) else {
            return try APIResponse(json: JSON.object(["data": []]))
        }
        return try answer.response(.ok, by: Self.service)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(NewCredentialBody.self)
        guard !body.description.isEmpty else {
            throw APIError(.badRequest, "description is empty: say what the key is for")
        }
        request.audit.target("description", body.description)
        let answer = try await send(
            "POST", to: "", body: ["description": .string(body.description)], for: request)
        guard let answer else { throw Self.unoffered }
        if let key = try answer.value(by: Self.service)["access_key"]?.text { request.audit.target("access key", key) }
        request.audit.show(["S3 key \(body.description)"])
        return try answer.response(.created, by: Self.service)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let id = try QueryParameters.decode(pathPart: try request.parameter("id"))
        request.audit.target("credential", String(id.prefix(100)))
        guard try await send("DELETE", to: "/" + GatewayRequest.encoded(id), for: request) != nil else {
            throw Self.unoffered
        }
        return APIResponse(.noContent)
    }

    private static var unoffered: APIError {
        .unoffered(
            "a further S3 key for this project's stack",
            "use the S3 key that the project was made with, and any S3 client")
    }

    /// The service's answer; nil where it has no such keys.
    private func send(
        _ method: String, to tail: String, body: JSON? = nil, for request: APIRequest
    ) async throws -> GatewayAnswer? {
        let call = try GatewayRequest(
            method: method, path: Self.servicePath + tail, query: [],
            headers: body == nil ? [] : [("Content-Type", "application/json")],
            body: try body.map { try $0.bytes() } ?? [])
        let answer = try await reach.send(call, to: try request.project(), service: Self.service)
        if answer.isSuccess { return answer }
        // What an unknown path is answered with: by the official server, and by ours before it had keys.
        if JSON(bytes: answer.body)?["error"]?.text == "Not Found" { return nil }
        throw answer.refusal(by: Self.service)
    }
}

/// A key to make.
struct NewCredentialBody: DecodableBody {
    let description: String

    init(fields: BodyReader) throws { description = try fields.read("description", .text(1...200)) }
}
