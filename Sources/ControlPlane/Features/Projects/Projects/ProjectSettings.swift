import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// A project's connection data and keys, as Studio's settings pages read them. It holds secrets in the clear.
struct ProjectSettings: Encodable, Sendable, Documented {
    let ref: String
    let name: String
    let status: String
    let region: String
    let cloudProvider: String
    let insertedAt: String
    let databaseHost: String
    let databaseDNSName: String
    let databaseName: String
    let databaseUser: String
    let databasePort: Int
    let databaseAddressKind: String
    let isSSLEnforced = false
    let jwtSecret: String?
    let serviceAPIKeys: [ServiceKey]
    let application: Application?

    /// The port of PostgreSQL as long as no port is leased.
    static let unleasedDatabasePort = 5_432

    struct ServiceKey: Encodable, Sendable {
        let name: String
        let tags: String
        let apiKey: String

        enum CodingKeys: String, CodingKey {
            case name, tags
            case apiKey = "api_key"
        }
    }

    /// The address of the project's gateway.
    struct Application: Encodable, Sendable {
        let databaseSchema = "public"
        let endpoint: String
        let storageEndpoint: String
        let scheme: String

        enum CodingKeys: String, CodingKey {
            case endpoint
            case databaseSchema = "db_schema"
            case storageEndpoint = "storage_endpoint"
            case scheme = "protocol"
        }

        /// Studio wants scheme and authority on their own.
        init(_ project: ProjectEndpoint) {
            scheme = project.scheme
            endpoint = project.authority
            storageEndpoint = endpoint
        }
    }

    /// Name and owner of the database are empty where the stack has none: clients rely on texts there.
    init(
        _ stack: ProjectStack, keys: ClientKeys, endpoint: ProjectEndpoint?, _ publicHost: String
    ) {
        let record = stack.record
        ref = record.ref.text
        name = record.name.text
        status = record.status.studioStatus.rawValue
        region = record.region
        cloudProvider = record.cloudProvider
        insertedAt = record.insertedAt.rfc3339
        databaseHost = publicHost
        databaseDNSName = publicHost
        databaseName = stack.roles.database?.database ?? ""
        databaseUser = stack.roles.database?.owner ?? ""
        databasePort = stack.port(.database).map(Int.init) ?? Self.unleasedDatabasePort
        databaseAddressKind = publicHost.contains(":") ? "ipv6" : "ipv4"
        jwtSecret = keys.jwtSecret?.reveal()
        serviceAPIKeys = keys.byRole.map { role, key in
            ServiceKey(name: "\(role) key", tags: role, apiKey: key.reveal())
        }
        application = endpoint.map(Application.init)
    }

    static let schema = Schema.named(
        "ProjectSettings",
        .fields(
            .init("ref", .ref), .init("name", .text), .init("status", .projectStatus), .init("region", .text),
            .init("cloud_provider", .text), .init("inserted_at", .time), .init("db_host", .text),
            .init("db_dns_name", .text), .init("db_name", .text), .init("db_user", .text),
            .init("db_port", .integer(1...65_535)), .init("db_ip_addr_config", .choice(["ipv4", "ipv6"])),
            .init("ssl_enforced", .boolean), .optional("jwt_secret", .text),
            .init(
                "service_api_keys",
                .array(
                    .fields(
                        .init("name", .text), .init("tags", .choice([TokenRole.anon, .serviceRole].map(\.rawValue))),
                        .init("api_key", .text)))),
            .optional(
                "app_config",
                .fields(
                    .init("db_schema", .text), .init("endpoint", .text), .init("storage_endpoint", .text),
                    .init("protocol", .choice(["http", "https"]))))))

    enum CodingKeys: String, CodingKey {
        case ref, name, status, region
        case cloudProvider = "cloud_provider"
        case insertedAt = "inserted_at"
        case databaseHost = "db_host"
        case databaseDNSName = "db_dns_name"
        case databaseName = "db_name"
        case databaseUser = "db_user"
        case databasePort = "db_port"
        case databaseAddressKind = "db_ip_addr_config"
        case isSSLEnforced = "ssl_enforced"
        case jwtSecret = "jwt_secret"
        case serviceAPIKeys = "service_api_keys"
        case application = "app_config"
    }
}
