import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// A project on `/v1`: its ref is its id, and the slug is the id of its organization.
struct V1Project: Encodable, Sendable, Documented {
    let id: String
    let ref: String
    let organizationID: String
    let organizationSlug: String
    let name: String
    let region: String
    let createdAt: String
    let status: String
    /// Absent in the answer to a creation.
    let database: Database?

    /// Where and what the project's database is.
    struct Database: Encodable, Sendable {
        let host: String
        let version: String
        let postgresEngine: String
        let releaseChannel: String

        enum CodingKeys: String, CodingKey {
            case host, version
            case postgresEngine = "postgres_engine"
            case releaseChannel = "release_channel"
        }

        init(_ roles: StackRoles, _ publicHost: String) {
            let database = DatabaseVersion(roles)
            host = publicHost
            version = database.version
            postgresEngine = database.engine
            releaseChannel = database.releaseChannel
        }
    }

    init(_ record: ProjectRecord, database: Database?) {
        id = record.ref.text
        ref = record.ref.text
        organizationID = record.organizationSlug
        organizationSlug = record.organizationSlug
        name = record.name.text
        region = record.region
        createdAt = record.insertedAt.rfc3339
        status = record.status.studioStatus.rawValue
        self.database = database
    }

    static let schema = Schema.named(
        "V1Project",
        .fields(
            .init("id", .ref), .init("ref", .ref), .init("organization_id", .text), .init("organization_slug", .text),
            .init("name", .text), .init("region", .text), .init("created_at", .text),
            .init("status", .projectStatus),
            .optional(
                "database",
                .fields(
                    .init("host", .text), .init("version", .text), .init("postgres_engine", .text),
                    .init("release_channel", .text)))))

    enum CodingKeys: String, CodingKey {
        case id, ref, name, region, status, database
        case organizationID = "organization_id"
        case organizationSlug = "organization_slug"
        case createdAt = "created_at"
    }
}
