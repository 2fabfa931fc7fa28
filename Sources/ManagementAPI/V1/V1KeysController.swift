import HTTPTypes
import Orchestrator
import ProjectModel

/// `GET /v1/projects/{ref}/api-keys`.
struct V1KeysController: Sendable {
    let catalog: ProjectCatalog
    let configuration: ManagementAPIConfiguration

    var routes: [Route] {
        [Route(.get, "/v1/projects/{ref}/api-keys", .permission(.apiKeysRead), list)]
    }

    private func list(_ request: APIRequest) async throws -> APIResponse {
        // Masking is for keys of the newer kind; the two legacy keys are always shown.
        _ = try request.query.flag("reveal", default: false)
        let record = try await catalog.project(try request.ref())
        let keys = try await ClientKeys(of: record.ref, in: catalog, configuration)
        return try APIResponse(json: keys.byRole.map { APIKey(role: $0.role, key: $0.key, of: record) })
    }
}

/// An API key of a project. It holds the key in the clear.
struct APIKey: Encodable, Sendable {
    let id: String
    let name: String
    let type = "legacy"
    let apiKey: String
    let description: String
    let insertedAt: String
    let updatedAt: String

    init(role: String, key: Secret<String>, of record: ProjectRecord) {
        id = Self.identifier(of: role, in: record.ref)
        name = role
        apiKey = key.reveal()
        description = "Legacy \(role) API key"
        insertedAt = record.insertedAt.rfc3339
        updatedAt = record.insertedAt.rfc3339
    }

    enum CodingKeys: String, CodingKey {
        case id, name, type, description
        case apiKey = "api_key"
        case insertedAt = "inserted_at"
        case updatedAt = "updated_at"
    }

    /// A UUID of version 8 (RFC 9562 §5.8) made from ref and name alone: the Terraform provider parses it as a UUID,
    /// and it must be the same in every answer. The digest is FNV-1a with 128 bits; nothing secret goes in.
    static func identifier(of name: String, in ref: ProjectRef) -> String {
        let offset: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b
        var digest = "\(ref)/\(name)".utf8.reduce(offset) { ($0 ^ UInt128($1)) &* prime }
        digest = digest & ~(0xF << 76) | 8 << 76
        digest = digest & ~(0x3 << 62) | 2 << 62
        let digits = String(digest, radix: 16)
        let text = String(repeating: "0", count: 32 - digits.count) + digits
        var rest = Substring(text)
        return [8, 4, 4, 4, 12].map { length in
            defer { rest = rest.dropFirst(length) }
            return String(rest.prefix(length))
        }.joined(separator: "-")
    }
}
