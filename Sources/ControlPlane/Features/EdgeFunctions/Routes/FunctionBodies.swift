package import APIKit
import FeatureKit
import FoundationEssentials
import FunctionModel
import HTTPTypes
import Orchestrator
import ProjectModel

/// An Edge Function on the wire.
struct FunctionBody: Encodable, Sendable, Documented {
    let id: String
    let slug: String
    let name: String
    let status: String
    let version: Int
    let createdAt: Int64
    let updatedAt: Int64
    let verifyJWT: Bool
    let hasImportMap: Bool
    let entrypointPath: String
    let importMapPath: String?
    let sha256: String

    init(_ function: EdgeFunction) {
        id = function.id
        slug = function.slug
        name = function.name
        status = function.status.rawValue
        version = function.version
        createdAt = function.createdAt.milliseconds
        updatedAt = function.updatedAt.milliseconds
        verifyJWT = function.verifyJWT
        hasImportMap = function.importMapPath != nil
        entrypointPath = function.entrypointPath
        importMapPath = function.importMapPath
        sha256 = function.sha256
    }

    static let schema = Schema.named(
        "Function",
        .fields(
            .init("id", .uuid), .init("slug", .pattern("^[A-Za-z][A-Za-z0-9_-]*$")), .init("name", .text),
            .init("status", .choice(["ACTIVE", "REMOVED", "THROTTLED"])), .init("version", .integer(1...Int64.max)),
            .init("created_at", .integer()), .init("updated_at", .integer()), .init("verify_jwt", .boolean),
            .init("import_map", .boolean), .init("entrypoint_path", .text), .optional("import_map_path", .text),
            .init("ezbr_sha256", .pattern("^[0-9a-f]{64}$"))))

    enum CodingKeys: String, CodingKey {
        case id, slug, name, status, version
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case verifyJWT = "verify_jwt"
        case hasImportMap = "import_map"
        case entrypointPath = "entrypoint_path"
        case importMapPath = "import_map_path"
        case sha256 = "ezbr_sha256"
    }
}

/// What stands in the part `metadata` of a deployment.
struct DeployMetadata: Decodable, Sendable {
    let entrypointPath: String
    let importMapPath: String?
    let verifyJWT: Bool?
    let name: String?

    enum CodingKeys: String, CodingKey {
        case name
        case entrypointPath = "entrypoint_path"
        case importMapPath = "import_map_path"
        case verifyJWT = "verify_jwt"
    }
}

/// One function of a bulk update: what a deployment that was only bundled answered, sent back.
struct FunctionUpdateBody: Decodable, Sendable {
    let slug: String
    let name: String
    let status: String
    let version: Int
    let verifyJWT: Bool?
    let entrypointPath: String?
    let importMapPath: String?
    let sha256: String?

    static let schema = Schema.fields(
        .init("id", .text), .init("slug", .text), .init("name", .text), .init("status", .choice(["ACTIVE"])),
        .init("version", .integer(1...Int64.max)), .optional("verify_jwt", .boolean), .optional("import_map", .boolean),
        .optional("entrypoint_path", .text), .optional("import_map_path", .text), .optional("ezbr_sha256", .text))

    enum CodingKeys: String, CodingKey {
        case slug, name, status, version
        case verifyJWT = "verify_jwt"
        case entrypointPath = "entrypoint_path"
        case importMapPath = "import_map_path"
        case sha256 = "ezbr_sha256"
    }

    /// The update as the catalogue takes it.
    func update() throws(APIError) -> FunctionUpdate {
        guard status == FunctionStatus.active.rawValue else {
            throw APIError(.badRequest, "status must be ACTIVE: a function is removed with DELETE")
        }
        var update = FunctionUpdate(slug: slug, version: version)
        update.name = name
        update.verifyJWT = verifyJWT
        update.entrypointPath = entrypointPath
        update.importMapPath = importMapPath
        update.sha256 = sha256
        return update
    }
}

/// A function whose only file comes as text.
struct PlainFunctionBody: Decodable, Sendable {
    let slug: String?
    let name: String?
    let body: String?
    let verifyJWT: Bool?

    /// Name of the only file.
    static let file = "index.ts"

    static let schema = Schema.fields(
        .optional("slug", .text), .optional("name", .text), .optional("body", .text), .optional("verify_jwt", .boolean))

    enum CodingKeys: String, CodingKey {
        case slug, name, body
        case verifyJWT = "verify_jwt"
    }
}

extension APIError {
    /// An error about Edge Functions.
    init(_ error: FunctionError) {
        switch error {
        case .notFound: self.init(.notFound, "\(error)")
        case .noProject(let ref): self = .noProject(ref)
        case .invalid, .tooMuch: self.init(.badRequest, "\(error)")
        case .folder: self.init(.internalServerError, "\(error)")
        case .store(let error): self.init(CatalogError.store(error))
        }
    }
}

extension FunctionError: Refusable {
    package var refusal: APIError { APIError(self) }
}
