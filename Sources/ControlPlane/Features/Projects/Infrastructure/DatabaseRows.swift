import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// The one database of a project, as Studio lists it.
struct DatabaseRow: Encodable, Sendable, Documented {
    let identifier: String
    let status: String
    let region: String
    let cloudProvider: String
    let size = "local"
    let insertedAt: String
    let host: String
    let port: Int
    let name: String
    let user: String
    let restURL: String
    let connectionString: Nullable<String>
    let readOnlyConnectionString = Nullable<String>(nil)

    /// `endpoint` is absent while the project has no ports, and where it has no gateway.
    init(_ record: ProjectRecord, _ connection: ConnectionData, endpoint: ProjectEndpoint?) {
        identifier = record.ref.text
        status = record.status.studioStatus.databaseStatus
        region = record.region
        cloudProvider = record.cloudProvider
        insertedAt = record.insertedAt.rfc3339
        host = connection.host
        port = connection.shownPort
        name = connection.database
        user = connection.user
        restURL = endpoint?.url("/rest/v1/") ?? ""
        connectionString = Nullable(record.opaqueConnection)
    }

    static let schema = Schema.named(
        "Database",
        .fields(
            .init("identifier", .ref), .init("status", .choice(StudioStatus.databaseStatuses)),
            .init("region", .text), .init("cloud_provider", .text), .init("size", .text), .init("inserted_at", .time),
            .init("db_host", .text), .init("db_port", .integer(1...65_535)), .init("db_name", .text),
            .init("db_user", .text), .init("restUrl", .text), .init("connectionString", .nullable(.text)),
            .init("connection_string_read_only", .nullable(.text))))

    enum CodingKeys: String, CodingKey {
        case identifier, status, region, size, connectionString
        case cloudProvider = "cloud_provider"
        case insertedAt = "inserted_at"
        case host = "db_host"
        case port = "db_port"
        case name = "db_name"
        case user = "db_user"
        case restURL = "restUrl"
        case readOnlyConnectionString = "connection_string_read_only"
    }
}

extension ProjectRecord {
    /// An opaque text that Studio sends back with every query, and takes for a connection string: it names the project
    /// only. Nil while the project has no ports.
    var opaqueConnection: String? { leases == nil ? nil : "sm:\(ref)" }
}

/// How the pooler of a project is reached.
struct PoolerRow: Encodable, Sendable, Documented {
    let identifier: String
    let databaseType = "PRIMARY"
    let user: String
    let host: String
    let port: Int
    let name: String
    let connectionString: String
    let deprecatedConnectionString: String
    let defaultPoolSize = Nullable<Int>(nil)
    let maxClientConnections = Nullable<Int>(nil)
    let poolMode = "transaction"
    let isUsingSCRAM = true

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

    static let schema = Schema.named(
        "PlatformPooler",
        .fields(
            .init("identifier", .ref), .init("database_type", .choice(["PRIMARY", "READ_REPLICA"])),
            .init("db_user", .text), .init("db_host", .text), .init("db_port", .integer(1...65_535)),
            .init("db_name", .text), .init("connection_string", .text), .init("connectionString", .text),
            .init("default_pool_size", .nullable(.integer())), .init("max_client_conn", .nullable(.integer())),
            .init("pool_mode", .choice(["transaction", "session"])), .init("is_using_scram_auth", .boolean)))

    enum CodingKeys: String, CodingKey {
        case identifier
        case databaseType = "database_type"
        case user = "db_user"
        case host = "db_host"
        case port = "db_port"
        case name = "db_name"
        case connectionString = "connection_string"
        case deprecatedConnectionString = "connectionString"
        case defaultPoolSize = "default_pool_size"
        case maxClientConnections = "max_client_conn"
        case poolMode = "pool_mode"
        case isUsingSCRAM = "is_using_scram_auth"
    }
}

/// PgBouncer, which no project here has; the connection data are those of the database itself.
struct PgBouncerBody: Encodable, Sendable, Documented {
    let isEnabled = false
    let poolMode = "transaction"
    let isSSLEnforced = false
    let connectionString: String
    let host: String
    let dnsName: String
    let name: String
    let port: Int
    let user: String
    let insertedAt: String

    init(_ record: ProjectRecord, _ connection: ConnectionData) {
        connectionString = connection.connectionString
        host = connection.host
        dnsName = connection.host
        name = connection.database
        port = connection.shownPort
        user = connection.user
        insertedAt = record.insertedAt.rfc3339
    }

    static let schema = Schema.named(
        "PgBouncer",
        .fields(
            .init("pgbouncer_enabled", .boolean), .init("pool_mode", .choice(["transaction", "session", "statement"])),
            .init("ssl_enforced", .boolean), .init("connection_string", .text), .init("db_host", .text),
            .init("db_dns_name", .text), .init("db_name", .text), .init("db_port", .integer(1...65_535)),
            .init("db_user", .text), .init("inserted_at", .time)))

    enum CodingKeys: String, CodingKey {
        case isEnabled = "pgbouncer_enabled"
        case poolMode = "pool_mode"
        case isSSLEnforced = "ssl_enforced"
        case connectionString = "connection_string"
        case host = "db_host"
        case dnsName = "db_dns_name"
        case name = "db_name"
        case port = "db_port"
        case user = "db_user"
        case insertedAt = "inserted_at"
    }
}
