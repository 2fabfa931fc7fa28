import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// A project's connection data and keys, as Studio's settings pages read them. It holds secrets in the clear.
struct ProjectSettings: EncodableBody {
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
    let jwtSecret: String?
    let serviceAPIKeys: [ServiceKey]
    let application: Application?

    /// The port of PostgreSQL as long as no port is leased.
    static let unleasedDatabasePort = 5_432

    struct ServiceKey: EncodableBody {
        let name: String
        let tags: String
        let apiKey: String

        static let shape = BodyShape<Self>([
            .init("name", of: \.name),
            .init("tags", .choice([TokenRole.anon, .serviceRole].map(\.rawValue)), of: \.tags),
            .init("api_key", of: \.apiKey),
        ])
    }

    /// The address of the project's gateway.
    struct Application: EncodableBody {
        let endpoint: String
        let storageEndpoint: String
        let scheme: String

        /// Studio wants scheme and authority on their own.
        init(_ project: ProjectEndpoint) {
            scheme = project.scheme
            endpoint = project.authority
            storageEndpoint = endpoint
        }

        static let shape = BodyShape<Self>([
            .constant("db_schema", "public"),
            .init("endpoint", of: \.endpoint),
            .init("storage_endpoint", of: \.storageEndpoint),
            .init("protocol", .choice(["http", "https"]), of: \.scheme),
        ])
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

    static let shape = BodyShape<Self>(
        "ProjectSettings",
        [
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("status", .projectStatus, of: \.status),
            .init("region", of: \.region),
            .init("cloud_provider", of: \.cloudProvider),
            .init("inserted_at", .time, of: \.insertedAt),
            .init("db_host", of: \.databaseHost),
            .init("db_dns_name", of: \.databaseDNSName),
            .init("db_name", of: \.databaseName),
            .init("db_user", of: \.databaseUser),
            .init("db_port", .integer(1...65_535), of: \.databasePort),
            .init("db_ip_addr_config", .choice(["ipv4", "ipv6"]), of: \.databaseAddressKind),
            .constant("ssl_enforced", false),
            .optional("jwt_secret", of: \.jwtSecret),
            .init("service_api_keys", of: \.serviceAPIKeys),
            .optional("app_config", of: \.application),
        ])
}
