import APIKit
import Orchestrator
import ProjectModel

/// An API key of a project on the wire. It may hold the key in the clear.
struct APIKey: EncodableBody {
    let id: String
    let name: String
    let type: String
    let apiKey: Nullable<String>
    let prefix: Nullable<String>
    let description: Nullable<String>
    let hash: Nullable<String>
    let template: Nullable<[String: String]>
    let insertedAt: String
    let updatedAt: String
    /// The name of the secret that it shows, for the audit trail; nil where it shows none.
    let shownSecret: String?

    /// One of the two signed keys. They are always shown: every client needs them.
    init(role: String, key: Secret<String>, of record: ProjectRecord) {
        id = Self.identifier(of: role, in: record.ref)
        name = role
        shownSecret = role == TokenRole.serviceRole.rawValue ? role : nil
        type = "legacy"
        apiKey = Nullable(key.reveal())
        prefix = Nullable(nil)
        description = Nullable("Legacy \(role) API key")
        hash = Nullable(nil)
        template = Nullable(nil)
        insertedAt = record.insertedAt.rfc3339
        updatedAt = record.insertedAt.rfc3339
    }

    /// An opaque key; a secret one only when it is asked for.
    init(_ key: ProjectAPIKey, reveals: Bool) {
        let isSecret = key.kind == .secret
        id = key.id
        name = key.name
        shownSecret = isSecret && reveals ? "secret key \(key.name)" : nil
        type = key.kind.rawValue
        apiKey = Nullable(isSecret && !reveals ? nil : key.key.reveal())
        prefix = Nullable(key.prefix)
        description = Nullable(key.description)
        hash = Nullable(isSecret ? key.digest : nil)
        template = Nullable(isSecret ? ["role": key.role] : nil)
        insertedAt = key.insertedAt.rfc3339
        updatedAt = key.updatedAt.rfc3339
    }

    static let shape = BodyShape<Self>(
        "APIKey",
        [
            .init("id", .uuid, of: \.id),
            .init("name", of: \.name),
            .init("type", .choice(["legacy", "publishable", "secret"]), of: \.type),
            .init("api_key", of: \.apiKey),
            .init("prefix", of: \.prefix),
            .init("description", of: \.description),
            .init("hash", .pattern("^[0-9a-f]{64}$"), of: \.hash),
            .init("secret_jwt_template", .fields(.init("role", .text)), of: \.template),
            .init("inserted_at", .time, of: \.insertedAt),
            .init("updated_at", .time, of: \.updatedAt),
        ])

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
