import APIKit

/// The answer to a creation: the row of the project, and what an application needs to talk to it.
struct CreatedProject: Encodable, Sendable, Documented {
    let row: ProjectRow
    let endpoint: String
    let anonKey: String
    let serviceKey: String

    static let schema = Schema.named(
        "CreatedProject",
        ProjectRow.schema.inlined.adding([
            .init("endpoint", .text), .init("anon_key", .text), .init("service_key", .text),
        ]))

    enum CodingKeys: String, CodingKey {
        case endpoint
        case anonKey = "anon_key"
        case serviceKey = "service_key"
    }

    func encode(to encoder: any Encoder) throws {
        try row.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(endpoint, forKey: .endpoint)
        try container.encode(anonKey, forKey: .anonKey)
        try container.encode(serviceKey, forKey: .serviceKey)
    }
}
