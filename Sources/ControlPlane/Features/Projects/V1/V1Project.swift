import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// A project on `/v1`: its ref is its id, and the slug is the id of its organization.
struct V1Project: EncodableBody {
    /// Where and what the project's database is.
    struct Database: EncodableBody {
        let host: String
        let version: String
        let postgresEngine: String
        let releaseChannel: String

        init(_ roles: StackRoles, _ publicHost: String) {
            let database = DatabaseVersion(roles)
            host = publicHost
            version = database.version
            postgresEngine = database.engine
            releaseChannel = database.releaseChannel
        }

        static let shape = BodyShape<Self>([
            .init("host", of: \.host),
            .init("version", of: \.version),
            .init("postgres_engine", of: \.postgresEngine),
            .init("release_channel", of: \.releaseChannel),
        ])
    }

    let record: ProjectRecord
    let database: Database?

    init(_ record: ProjectRecord, database: Database?) {
        self.record = record
        self.database = database
    }

    static let shape = BodyShape<Self>(
        "V1Project",
        [
            .init("id", .ref, of: \.record.ref.text),
            .init("ref", .ref, of: \.record.ref.text),
            .init("organization_id", of: \.record.organizationSlug),
            .init("organization_slug", of: \.record.organizationSlug),
            .init("name", of: \.record.name.text),
            .init("region", of: \.record.region),
            .init("created_at", of: \.record.insertedAt.rfc3339),
            .init("status", .projectStatus, of: \.record.status.studioStatus.rawValue),
            // Absent in the answer to a creation.
            .optional("database", of: \.database),
        ])
}
