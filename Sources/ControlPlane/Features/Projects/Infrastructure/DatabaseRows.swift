import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// The one database of a project, as Studio lists it.
struct DatabaseRow: EncodableBody {
    let record: ProjectRecord
    let connection: ConnectionData
    let endpoint: ProjectEndpoint?

    /// `endpoint` is absent while the project has no ports, and where it has no gateway.
    init(_ record: ProjectRecord, _ connection: ConnectionData, endpoint: ProjectEndpoint?) {
        self.record = record
        self.connection = connection
        self.endpoint = endpoint
    }

    static let shape = BodyShape<Self>(
        "Database",
        [
            .init("identifier", .ref, of: \.record.ref.text),
            .init("status", .choice(StudioStatus.databaseStatuses), of: \.record.status.studioStatus.databaseStatus),
            .init("region", of: \.record.region),
            .init("cloud_provider", of: \.record.cloudProvider),
            .constant("size", "local"),
            .init("inserted_at", .time, of: \.record.insertedAt.rfc3339),
            .init("db_host", of: \.connection.host),
            .init("db_port", .integer(1...65_535), of: \.connection.shownPort),
            .init("db_name", of: \.connection.database),
            .init("db_user", of: \.connection.user),
            .init("restUrl") { $0.endpoint?.url("/rest/v1/") ?? "" },
            .nullable("connectionString", of: \.record.opaqueConnection),
            .null("connection_string_read_only"),
        ])
}

extension ProjectRecord {
    /// An opaque text that Studio sends back with every query, and takes for a connection string: it names the project
    /// only. Nil while the project has no ports.
    var opaqueConnection: String? { leases == nil ? nil : "sm:\(ref)" }
}

/// How the pooler of a project is reached.
struct PoolerRow: EncodableBody {
    let identifier: String
    let user: String
    let host: String
    let port: Int
    let name: String
    let connectionString: String
    let deprecatedConnectionString: String

    /// Nothing for a project without a pooler.
    init?(_ record: ProjectRecord, _ connection: ConnectionData) {
        guard let port = connection.poolerPort, let string = connection.poolerString else { return nil }
        identifier = record.ref.text
        user = connection.poolerUser
        host = connection.host
        self.port = Int(port)
        name = connection.database
        connectionString = string
        deprecatedConnectionString = string
    }

    static let shape = BodyShape<Self>(
        "PlatformPooler",
        [
            .init("identifier", .ref, of: \.identifier),
            .constant("database_type", "PRIMARY", schema: .choice(["PRIMARY", "READ_REPLICA"])),
            .init("db_user", of: \.user),
            .init("db_host", of: \.host),
            .init("db_port", .integer(1...65_535), of: \.port),
            .init("db_name", of: \.name),
            .init("connection_string", of: \.connectionString),
            .init("connectionString", of: \.deprecatedConnectionString),
            .null("default_pool_size", .integer()),
            .null("max_client_conn", .integer()),
            .constant("pool_mode", "transaction", schema: .choice(["transaction", "session"])),
            .constant("is_using_scram_auth", true),
        ])
}

/// PgBouncer, which no project here has; the connection data are those of the database itself.
struct PgBouncerBody: EncodableBody {
    let record: ProjectRecord
    let connection: ConnectionData

    init(_ record: ProjectRecord, _ connection: ConnectionData) {
        self.record = record
        self.connection = connection
    }

    static let shape = BodyShape<Self>(
        "PgBouncer",
        [
            .constant("pgbouncer_enabled", false),
            .constant("pool_mode", "transaction", schema: .choice(["transaction", "session", "statement"])),
            .constant("ssl_enforced", false),
            .init("connection_string", of: \.connection.connectionString),
            .init("db_host", of: \.connection.host),
            .init("db_dns_name", of: \.connection.host),
            .init("db_name", of: \.connection.database),
            .init("db_port", .integer(1...65_535), of: \.connection.shownPort),
            .init("db_user", of: \.connection.user),
            .init("inserted_at", .time, of: \.record.insertedAt.rfc3339),
        ])
}
