import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Buckets of a project's storage: thin calls to its own storage service as the service role.
struct StorageBucketsController: Sendable {
    let reach: ProjectReach

    static let service = ServiceRole.storage

    static let bucket = Schema.named(
        "Bucket",
        .fields(
            .init("id", .text), .init("name", .text), .init("owner", .text), .init("public", .boolean),
            .init("created_at", .text), .init("updated_at", .text),
            .optional("file_size_limit", .nullable(.integer())),
            .optional("allowed_mime_types", .nullable(.array(.text))), .optional("type", .text)))

    private static let page: [Operation.Parameter] = [
        .init(name: "limit", schema: .integer(1...1_000), description: "Most buckets"),
        .init(name: "offset", schema: .integer(0...Int64(Int32.max)), description: "Buckets left out at the beginning"),
        .init(name: "search", schema: .text, description: "Part of the name"),
        .init(
            name: "sortColumn", schema: .choice(["id", "name", "created_at", "updated_at"]),
            description: "What the order follows"),
        .init(name: "sortOrder", schema: .choice(["asc", "desc"]), description: "The direction"),
    ]

    var routes: [Route] {
        let path = "/platform/storage/{ref}/buckets"
        let one = "\(path)/{id}"
        return [
            read(
                path, summary: "The buckets of a project", query: Self.page, schema: .array(Self.bucket), handler: list),
            read(
                "/v1/projects/{ref}/storage/buckets", summary: "The buckets of a project", query: [],
                schema: .array(Self.bucket), handler: list),
            read(one, summary: "One bucket", query: [], schema: Self.bucket, handler: readOne),
            change(
                .post, path: path, action: "storage.bucket.create", summary: "Create a bucket",
                body: .json(NewBucketBody.schema),
                answer: .empty(.created), handler: create),
            change(
                .patch, path: one, action: "storage.bucket.update", summary: "Change a bucket",
                body: .json(BucketEditBody.schema), answer: .empty(.ok),
                handler: update),
            change(
                .delete, path: one, action: "storage.bucket.delete", summary: "Delete an empty bucket", body: .none,
                answer: .empty(.ok), handler: delete
            )
            .refusingUnknownQuery,
            change(
                .post, path: "\(one)/empty", action: "storage.bucket.empty", summary: "Delete everything in a bucket",
                body: .none,
                answer: .empty(.created), handler: empty
            ).refusingUnknownQuery,
        ]
    }

    private func read(
        _ path: String, summary: String, query: [Operation.Parameter], schema: Schema,
        handler: @escaping Route.Handler
    ) -> Route {
        Route(
            .get, path, access: .permission(.storageRead),
            operation: Operation(
                summary: summary, query: query, answer: .json(schema), refusals: Operation.Refusal.upstream),
            handler: handler)
    }

    private func change(
        _ method: HTTPRequest.Method, path: String, action: String, summary: String, body: Operation.Body,
        answer: Operation.Answer, handler: @escaping Route.Handler
    ) -> Route {
        Route(
            method, path, access: .permission(.storageWrite), effect: .external(action),
            operation: Operation(summary: summary, body: body, answer: answer, refusals: Operation.Refusal.upstream),
            handler: handler)
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        let query = try request.query.values(of: Self.page)
        let answer = try await reach.json(
            "GET", "/storage/v1/bucket", query: query, to: try request.project(), service: Self.service)
        return try answer.response(.ok, by: Self.service)
    }

    private func readOne(_ request: APIRequest) async throws -> APIResponse {
        let answer = try await reach.json(
            "GET", try path(request), to: try request.project(), service: Self.service)
        return try answer.response(.ok, by: Self.service)
    }

    private func create(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(NewBucketBody.self)
        request.audit.target("bucket", String(body.id.prefix(100)))
        _ = try await reach.json(
            "POST", "/storage/v1/bucket", body: body.json, to: try request.project(), service: Self.service)
        return APIResponse(.created)
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(BucketEditBody.self)
        _ = try await reach.json(
            "PUT", try path(request), body: body.json, to: try request.project(), service: Self.service)
        return APIResponse(.ok)
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        _ = try await reach.json("DELETE", try path(request), to: try request.project(), service: Self.service)
        return APIResponse(.ok)
    }

    private func empty(_ request: APIRequest) async throws -> APIResponse {
        _ = try await reach.json(
            "POST", "\(try path(request))/empty", body: [:], to: try request.project(), service: Self.service)
        return APIResponse(.created)
    }

    private func path(_ request: APIRequest) throws(APIError) -> String {
        "/storage/v1/bucket/\(try request.bucket())"
    }
}

extension APIRequest {
    /// The bucket that the path names, as one part of a path. Studio sends it percent-encoded.
    func bucket() throws(APIError) -> String { GatewayRequest.encoded(try bucketName()) }

    /// The bucket that the path names.
    func bucketName() throws(APIError) -> String {
        let name = try QueryParameters.decode(pathPart: try parameter("id"))
        audit.target("bucket", String(name.prefix(100)))
        return name
    }
}

/// A bucket to create.
struct NewBucketBody: DecodableBody {
    let id: String
    let isPublic: Bool
    let type: String?
    let sizeMax: Int64?
    let types: [String]?

    init(fields: BodyReader) throws {
        id = try fields.read("id", .text(1...100))
        isPublic = try fields.read("public")
        type = try fields.readIfPresent("type", .choice(["STANDARD", "ANALYTICS"]))
        sizeMax = try fields.readIfPresent("file_size_limit", .nullable(.integer()))
        types = try fields.readIfPresent("allowed_mime_types", .nullable(.array(.text)))
    }

    /// The form that storage takes.
    var json: JSON {
        .compact([
            "id": .string(id), "name": .string(id), "public": .boolean(isPublic), "type": type.map(JSON.string),
            "file_size_limit": sizeMax.map(JSON.integer),
            "allowed_mime_types": types.map { .array($0.map(JSON.string)) },
        ])
    }
}

/// What to change about a bucket; null takes a limit away.
struct BucketEditBody: DecodableBody {
    let json: JSON

    init(fields: BodyReader) throws {
        var kept: [String: JSON] = ["public": .boolean(try fields.read("public"))]
        let size: Int64? = try fields.readIfPresent("file_size_limit", .nullable(.integer()))
        if fields.contains("file_size_limit") { kept["file_size_limit"] = size.map(JSON.integer) ?? .null }
        let types: [String]? = try fields.readIfPresent("allowed_mime_types", .nullable(.array(.text)))
        if fields.contains("allowed_mime_types") {
            kept["allowed_mime_types"] = types.map { .array($0.map(JSON.string)) } ?? .null
        }
        json = .object(kept)
    }
}
