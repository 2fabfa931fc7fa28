import APIKit
import FeatureKit
import FunctionModel
import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import ProjectModel

/// `/v1/projects/{ref}/functions`: Edge Functions, as the command line, Terraform and Studio deploy them.
struct FunctionsController: Sendable {
    let catalog: ProjectCatalog
    let functions: FunctionCatalog

    private static let path = "/v1/projects/{ref}/functions"
    private static let one = "\(path)/{function_slug}"
    private static let eszip = APIError(
        .badRequest,
        "bundles in eszip form cannot be read here: deploy the sources with supabase functions deploy --use-api")

    var routes: [Route] { readRoutes + writeRoutes + oldRoutes }

    // MARK: Reading

    private var readRoutes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.functionsRead),
                operation: Operation(summary: "The functions of a project", answer: .of([FunctionBody].self))
            ) { request in
                try APIResponse(
                    json: try await functions.functions(of: try request.project().ref).map(FunctionBody.init))
            },
            Route(
                .get, Self.one, access: .permission(.functionsRead),
                operation: Operation(summary: "One function", answer: .of(FunctionBody.self))
            ) { try APIResponse(json: FunctionBody(try await read($0).function)) },
            Route(
                .get, "\(Self.one)/body", access: .permission(.functionsRead),
                operation: Operation(summary: "The files of a function", answer: .raw("multipart/form-data"))
            ) { Self.form(of: try await read($0).files) },
        ]
    }

    private func read(_ request: APIRequest) async throws -> DeployedFunction {
        try await functions.function(try request.parameter("function_slug"), of: try request.project().ref)
    }

    /// Files as a form with one part a file. The boundary is random, and so long that no file holds it by chance.
    static func form(of files: [FunctionFile]) -> APIResponse {
        let boundary = "supamanager-" + RandomText.alphanumeric(40)
        let form = MultipartBody(
            parts: files.map { file in
                MultipartBody.Part(
                    name: "file", fileName: file.path, contentType: "application/octet-stream", bytes: file.bytes)
            })
        return APIResponse(
            headers: [.contentType: MultipartBody.contentType(boundary: boundary)],
            body: ByteBuffer(bytes: form.encoded(boundary: boundary)))
    }

    // MARK: Writing

    private var writeRoutes: [Route] {
        [
            Route(
                .post, "\(Self.path)/deploy", access: .permission(.functionsWrite), effect: .change("function.deploy"),
                operation: Operation(
                    summary: "Deploy a function from its sources",
                    query: [
                        .init(
                            name: "slug", schema: .pattern("^[A-Za-z][A-Za-z0-9_-]*$"),
                            description: "Name in the URL; the name in the metadata by default"),
                        .init(
                            name: "bundleOnly", schema: .boolean,
                            description: "Only upload: the version runs once PUT functions names it"),
                    ], body: .other("multipart/form-data"), answer: .of(FunctionBody.self, .created)), handler: deploy),
            Route(
                .put, Self.path, access: .permission(.functionsWrite), effect: .change("function.update"),
                operation: Operation(
                    summary: "Change functions together, all or none; bundles that they name go live",
                    body: .json(.array(FunctionUpdateBody.schema)),
                    answer: .json(.fields(.init("functions", .array(FunctionBody.schema))))), handler: updateSeveral),
            Route(
                .delete, Self.one, access: .permission(.functionsWrite), effect: .change("function.delete"),
                operation: Operation(summary: "Delete a function", answer: .empty(.ok))
            ) { request in
                let slug = try request.parameter("function_slug")
                request.audit.target("function", String(slug.prefix(64)))
                try await functions.delete(slug, of: try request.project().ref)
                return APIResponse(.ok)
            },
        ]
    }

    private func deploy(_ request: APIRequest) async throws -> APIResponse {
        let bundleOnly = try request.query.flag("bundleOnly", default: false)
        let draft = try Self.draft(request)
        let function = try await functions.deploy(draft, of: try await target(request), bundleOnly: bundleOnly)
        note(function, deed: bundleOnly ? "bundled" : "deployed", audit: request.audit)
        return try APIResponse(.created, json: FunctionBody(function))
    }

    /// The draft in a form of one part `metadata` and parts `file`, whose file names are relative paths.
    private static func draft(_ request: APIRequest) throws -> FunctionDraft {
        let form: MultipartBody
        do throws(MultipartError) {
            form = try MultipartBody(
                Array(request.body.readableBytesView), contentType: request.headers[.contentType] ?? "",
                maximumBytes: request.body.readableBytes)
        } catch { throw APIError(.badRequest, "\(error)") }
        guard let part = form.parts.first(where: { $0.name == "metadata" }) else {
            throw APIError(.badRequest, "the part metadata is missing")
        }
        let metadata: DeployMetadata
        do {
            metadata = try JSONTreeDecoder.decode(
                DeployMetadata.self, from: try JSONReader.read(part.bytes, limits: .body))
        } catch let error as JSONReadError { throw APIError(error) } catch let error as DecodingError {
            throw APIError(error)
        }
        guard let slug = request.query["slug"] ?? metadata.name else {
            throw APIError(.badRequest, "slug is missing in the query, and the metadata has no name")
        }
        let files = try form.parts.filter { $0.name == "file" }.map { part throws(APIError) in
            guard let path = part.fileName else { throw APIError(.badRequest, "a part file has no filename") }
            return FunctionFile(path: path, bytes: part.bytes)
        }
        return FunctionDraft(
            slug: slug, name: metadata.name, verifyJWT: metadata.verifyJWT, entrypointPath: metadata.entrypointPath,
            importMapPath: metadata.importMapPath, files: files)
    }

    private func updateSeveral(_ request: APIRequest) async throws -> APIResponse {
        let updates = try request.decode([FunctionUpdateBody].self).map { body throws(APIError) in try body.update() }
        let changed = try await functions.update(updates, of: try await target(request))
        for function in changed { note(function, deed: "updated", audit: request.audit) }
        return try APIResponse(json: ["functions": changed.map(FunctionBody.init)])
    }

    /// The project that the path names, if functions can run in it.
    private func target(_ request: APIRequest) async throws -> ProjectRef {
        let record = try request.project()
        _ = try await catalog.stack(of: record).functionsFolder()
        return record.ref
    }

    private func note(_ function: EdgeFunction, deed: String, audit: AuditNotes) {
        audit.change("function \(function.slug)", from: nil, to: "\(deed), version \(function.version)")
    }

    // MARK: The older form

    private var oldRoutes: [Route] {
        [
            Route(
                .post, Self.path, access: .permission(.functionsWrite), effect: .change("function.deploy"),
                operation: Operation(
                    summary: "Deploy a function of one file; bundles in eszip form are refused",
                    body: .other("application/json"), answer: .of(FunctionBody.self, .created))
            ) { request in
                let body = try Self.plainBody(request)
                guard let slug = body.slug ?? request.query["slug"], let text = body.body else {
                    throw APIError(.badRequest, "slug and body are needed")
                }
                let function = try await deploy(text, slug: slug, body: body, request: request)
                return try APIResponse(.created, json: FunctionBody(function))
            },
            Route(
                .patch, Self.one, access: .permission(.functionsWrite), effect: .change("function.update"),
                operation: Operation(
                    summary: "Change a function; a body becomes its only file",
                    body: .other("application/json"), answer: .of(FunctionBody.self)), handler: updateOne),
        ]
    }

    private func updateOne(_ request: APIRequest) async throws -> APIResponse {
        let body = try Self.plainBody(request)
        let slug = try request.parameter("function_slug")
        let ref = try await target(request)
        if let text = body.body {
            _ = try await functions.function(slug, of: ref)
            return try APIResponse(json: FunctionBody(try await deploy(text, slug: slug, body: body, request: request)))
        }
        var update = FunctionUpdate(slug: slug)
        update.name = body.name ?? request.query["name"]
        update.verifyJWT = try body.verifyJWT ?? request.queryFlag("verify_jwt")
        update.entrypointPath = request.query["entrypoint_path"]
        update.importMapPath = request.query["import_map_path"]
        guard let function = try await functions.update([update], of: ref).first else {
            throw FunctionError.notFound(slug: slug)
        }
        note(function, deed: "updated", audit: request.audit)
        return try APIResponse(json: FunctionBody(function))
    }

    private func deploy(
        _ text: String, slug: String, body: PlainFunctionBody, request: APIRequest
    ) async throws -> EdgeFunction {
        let draft = FunctionDraft(
            slug: slug, name: body.name ?? request.query["name"],
            verifyJWT: try body.verifyJWT ?? request.queryFlag("verify_jwt"), entrypointPath: PlainFunctionBody.file,
            files: [FunctionFile(path: PlainFunctionBody.file, bytes: Array(text.utf8))])
        let function = try await functions.deploy(draft, of: try await target(request))
        note(function, deed: "deployed", audit: request.audit)
        return function
    }

    /// The body in JSON; a bundle is refused with advice.
    private static func plainBody(_ request: APIRequest) throws -> PlainFunctionBody {
        let type = request.headers[.contentType]?.lowercased() ?? ""
        guard !type.contains("eszip"), !type.contains("octet-stream") else { throw eszip }
        return try request.decodeIfPresent(PlainFunctionBody.self)
            ?? PlainFunctionBody(slug: nil, name: nil, body: nil, verifyJWT: nil)
    }
}

extension APIRequest {
    /// A truth value in the query, or nothing.
    fileprivate func queryFlag(_ name: String) throws(APIError) -> Bool? {
        query[name] == nil ? nil : try query.flag(name, default: false)
    }
}
