import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import ProjectModel

/// Objects in the buckets of a project's storage, as Studio's explorer uses them. Files go from the browser to the
/// project itself; here they are listed, moved, signed and deleted.
struct StorageObjectsController: Sendable {
    let reach: ProjectReach

    private static let service = StorageBucketsController.service
    private static let object = Schema.fields(
        .init("id", .nullable(.text)), .init("name", .text), .optional("created_at", .nullable(.text)),
        .optional("updated_at", .nullable(.text)), .optional("last_accessed_at", .nullable(.text)),
        .optional("metadata", .anything))

    var routes: [Route] { listRoutes + linkRoutes + changeRoutes + archiveRoutes }

    private static let path = "/platform/storage/{ref}/buckets/{id}/objects"

    private func operation(
        _ summary: String, body: Schema?, answer: Operation.Answer
    ) -> Operation {
        Operation(
            summary: summary, body: body.map { .json($0) } ?? .none, answer: answer,
            refusals: Operation.Refusal.upstream)
    }

    // MARK: Lists

    private var listRoutes: [Route] {
        [
            Route(
                .post, "\(Self.path)/list", access: .permission(.storageRead),
                operation: operation(
                    "Objects in a folder", body: .fields(.optional("path", .text), .optional("options", .object([]))),
                    answer: .json(.array(Self.object), .created))
            ) { request in
                let body = try request.decode(JSON.self)
                var wanted = body["options"]?.fields ?? [:]
                wanted["prefix"] = .string(body["path"]?.text ?? "")
                return try await pass(request, path: "/object/list", body: .object(wanted), status: .created)
            },
            Route(
                .post, "\(Self.path)/list-v2", access: .permission(.storageRead),
                operation: operation(
                    "Objects and folders, page by page",
                    body: .fields(.optional("prefix", .text), .optional("cursor", .text)),
                    answer: .json(
                        .fields(
                            .init("folders", .array(.object([]))), .init("objects", .array(.object([]))),
                            .init("hasNext", .boolean)), .created))
            ) { try await pass($0, path: "/object/list-v2", body: try $0.decode(JSON.self), status: .created) },
        ]
    }

    /// A call of storage about the bucket, passed on.
    private func pass(
        _ request: APIRequest, path: String, body: JSON, status: HTTPResponse.Status
    ) async throws -> APIResponse {
        let answer = try await reach.json(
            "POST", "/storage/v1\(path)/\(try request.bucket())", body: body, to: try request.project(),
            service: Self.service)
        return try answer.response(status, by: Self.service)
    }

    // MARK: Links and files

    private var linkRoutes: [Route] {
        [
            Route(
                .post, "\(Self.path)/sign", access: .permission(.storageRead), effect: .seen("storage.object.sign"),
                operation: operation(
                    "An address that works for a while: for an hour at most, unless the caller may write",
                    body: .fields(.init("path", .text), .init("expiresIn", .integer(1...Self.addressLifeMax))),
                    answer: .json(.fields(.init("signedUrl", .text)), .created)), handler: sign),
            Route(
                .post, "\(Self.path)/sign-multi", access: .permission(.storageRead),
                effect: .seen("storage.object.sign"),
                operation: operation(
                    "Addresses that work for a while: for an hour at most, unless the caller may write",
                    body: .fields(.init("path", .array(.text)), .init("expiresIn", .integer(1...Self.addressLifeMax))),
                    answer: .json(
                        .array(
                            .fields(
                                .init("path", .nullable(.text)), .init("signedUrl", .nullable(.text)),
                                .init("error", .nullable(.text)))), .created)), handler: signSeveral
            ).takingLargeBody,
            Route(
                .post, "\(Self.path)/public-url", access: .permission(.storageRead),
                operation: operation(
                    "The address of an object in a public bucket", body: .fields(.init("path", .text)),
                    answer: .json(.fields(.init("publicUrl", .text)), .created))
            ) { request in
                let path = try Self.encoded(try request.decode(ObjectPath.self).path)
                let address = "\(try await base(request))/object/public/\(try request.bucket())/\(path)"
                return try APIResponse(.created, json: ["publicUrl": address])
            },
            Route(
                .post, "\(Self.path)/download", access: .permission(.storageRead),
                operation: operation(
                    "An object itself", body: .fields(.init("path", .text)),
                    answer: .raw("application/octet-stream", .created)),
                handler: download),
        ]
    }

    private struct ObjectPath: Decodable { let path: String }
    private struct Signing: Decodable {
        let path: String
        let expiresIn: Int64
    }
    private struct SigningSeveral: Decodable {
        let path: [String]
        let expiresIn: Int64
    }

    /// Longest life, in seconds, of a signed address.
    private static let addressLifeMax: Int64 = 31_536_000
    /// The same for callers who may only read. An address outlives the role and the token of its maker: nothing takes
    /// it back but another JWT secret.
    private static let readersAddressLifeMax: Int64 = 3_600

    /// The life of an address that a caller asks for, bounded for those who may only read, and noted for the audit
    /// trail.
    private func noteSigning(_ seconds: Int64, _ request: APIRequest) throws -> Int64 {
        let record = try request.project()
        let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        let life = min(seconds, granted.contains(.storageWrite) ? Self.addressLifeMax : Self.readersAddressLifeMax)
        request.audit.target("seconds", "\(life)")
        request.audit.noteAttempt()
        return life
    }

    private func sign(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(Signing.self)
        request.audit.target("object", body.path)
        let answer = try await reach.json(
            "POST", "/storage/v1/object/sign/\(try request.bucket())/\(try Self.encoded(body.path))",
            body: ["expiresIn": .integer(try noteSigning(body.expiresIn, request))], to: try request.project(),
            service: Self.service)
        guard let address = try answer.value(by: Self.service)["signedURL"]?.text else {
            throw APIError.unavailable("the project's storage signed nothing")
        }
        return try APIResponse(.created, json: ["signedUrl": "\(try await base(request))\(address)"])
    }

    private func signSeveral(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(SigningSeveral.self)
        request.audit.target("objects", "\(body.path.count)")
        let base = try await base(request)
        let answer = try await reach.json(
            "POST", "/storage/v1/object/sign/\(try request.bucket())",
            body: [
                "expiresIn": .integer(try noteSigning(body.expiresIn, request)),
                "paths": .array(body.path.map(JSON.string)),
            ], to: try request.project(), service: Self.service)
        let signed = try answer.value(by: Self.service).elements ?? []
        return try APIResponse(
            .created,
            json: signed.map { entry -> [String: JSON] in
                [
                    "path": entry["path"] ?? .null, "error": entry["error"] ?? .null,
                    "signedUrl": entry["signedURL"]?.text.map { .string("\(base)\($0)") } ?? .null,
                ]
            })
    }

    private func download(_ request: APIRequest) async throws -> APIResponse {
        let path = try Self.encoded(try request.decode(ObjectPath.self).path)
        let answer = try await reach.send(
            try GatewayRequest(path: "/storage/v1/object/\(try request.bucket())/\(path)"),
            to: try request.project(), service: Self.service)
        guard answer.isSuccess else { throw answer.refusal(by: Self.service) }
        // Always as bytes: a page out of a bucket must not run as one of ours.
        return APIResponse(
            .created, headers: [.contentType: "application/octet-stream"], body: ByteBuffer(bytes: answer.body))
    }

    /// The public address of the project's storage.
    private func base(_ request: APIRequest) async throws -> String {
        guard let address = try await reach.catalog.endpoint(of: try request.project())?.url else {
            throw APIError.unavailable("the project has no address yet: try again when it is up")
        }
        return "\(address)/storage/v1"
    }

    /// The path of an object, part by part.
    private static func encoded(_ path: String) throws(APIError) -> String {
        let parts = path.split(separator: "/")
        guard !parts.isEmpty else { throw APIError(.badRequest, "path must not be empty") }
        return parts.map { GatewayRequest.encoded(String($0)) }.joined(separator: "/")
    }

    // MARK: Changes

    private var changeRoutes: [Route] {
        [
            Route(
                .delete, Self.path, access: .permission(.storageWrite), effect: .external("storage.object.delete"),
                operation: operation(
                    "Delete objects", body: .fields(.init("paths", .array(.text))), answer: .json(.array(Self.object))),
                handler: delete
            ).takingLargeBody,
            relocation("move"), relocation("copy"),
            Route(
                .post, Self.path, access: .permission(.storageWrite), effect: .external("storage.object.upload"),
                operation: Operation(
                    summary: "Store the body as an object", query: Self.uploadQuery,
                    body: .other("application/octet-stream"), answer: .empty(.created),
                    refusals: Operation.Refusal.upstream), handler: upload
            ).lasting(.minutes),
        ]
    }

    private static let uploadQuery: [Operation.Parameter] = [
        .init(name: "path", schema: .text, description: "The path of the object in its bucket", isRequired: true),
        .init(name: "upsert", schema: .boolean, description: "Whether an object of that path is replaced"),
    ]

    /// Stores the body as an object, with its content type.
    private func upload(_ request: APIRequest) async throws -> APIResponse {
        guard let path = request.query["path"] else { throw APIError(.badRequest, "path is missing") }
        let isReplacing = try request.query.flag("upsert", default: false)
        let type = request.headers[.contentType] ?? "application/octet-stream"
        request.audit.target("object", path)
        let answer = try await reach.send(
            try GatewayRequest(
                method: "POST", path: "/storage/v1/object/\(try request.bucket())/\(try Self.encoded(path))",
                headers: [("Content-Type", type), ("x-upsert", isReplacing ? "true" : "false")],
                body: Array(request.body.readableBytesView)),
            to: try request.project(), service: Self.service)
        guard answer.isSuccess else { throw answer.refusal(by: Self.service) }
        return APIResponse(.created)
    }

    private struct Paths: Decodable { let paths: [String] }
    private struct Relocation: Decodable {
        let from: String
        let to: String
    }

    private func delete(_ request: APIRequest) async throws -> APIResponse {
        let paths = try request.decode(Paths.self).paths
        request.audit.target("objects", "\(paths.count)")
        let answer = try await reach.json(
            "DELETE", "/storage/v1/object/\(try request.bucket())", body: ["prefixes": .array(paths.map(JSON.string))],
            to: try request.project(), service: Self.service)
        return try answer.response(.ok, by: Self.service)
    }

    private func relocation(_ verb: String) -> Route {
        Route(
            .post, "\(Self.path)/\(verb)", access: .permission(.storageWrite),
            effect: .external("storage.object.\(verb)"),
            operation: operation(
                "\(verb.capitalized) an object", body: .fields(.init("from", .text), .init("to", .text)),
                answer: .empty(.created))
        ) { request in
            let body = try request.decode(Relocation.self)
            let bucket = try request.bucketName()
            _ = try await reach.json(
                "POST", "/storage/v1/object/\(verb)",
                body: [
                    "bucketId": .string(bucket), "sourceKey": .string(body.from), "destinationKey": .string(body.to),
                ], to: try request.project(), service: Self.service)
            return APIResponse(.created)
        }
    }

    // MARK: Archives

    private var archiveRoutes: [Route] {
        let path = "/platform/storage/{ref}/archive"
        return [
            refused(.get, path: path, status: .ok), refused(.post, path: path, status: .created),
        ]
    }

    private func refused(
        _ method: HTTPRequest.Method, path: String, status: HTTPResponse.Status
    ) -> Route {
        Route(
            method, path, access: .permission(method == .get ? .storageRead : .storageWrite),
            operation: Operation(summary: "Not offered: archives", answer: .empty(status))
        ) { _ in
            throw APIError.unoffered(
                "an archive of a project's storage", "copy it with any S3 client")
        }.supported(as: .refused)
    }
}
