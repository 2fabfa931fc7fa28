import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}`.
struct ProjectDetail: Encodable, Sendable, Documented {
    let id: Int64
    let ref: String
    let name: String
    let status: String
    let organizationID: Int64
    let region: String
    let cloudProvider: String
    let insertedAt: String
    let updatedAt: String
    let databaseHost: String
    let connectionString: String
    let restURL: String
    let databaseVersion: String
    let subscriptionID = "local"
    let isBranchEnabled = false
    let isPhysicalBackupsEnabled = false
    let isHighlyAvailable = false
    let integrationSource = Nullable<String>(nil)
    let stack: String
    let templateVersion: Nullable<String>
    let isUpgradeAvailable: Bool

    /// `endpoint` is absent while the project has no ports, and where it has no gateway.
    init(
        _ stack: ProjectStack, organization: Int64, endpoint: ProjectEndpoint?, isUpgradeAvailable: Bool,
        _ publicHost: String
    ) {
        let record = stack.record
        self.stack = record.stack.text
        templateVersion = Nullable(record.template?.text)
        self.isUpgradeAvailable = isUpgradeAvailable
        id = record.number
        ref = record.ref.text
        name = record.name.text
        status = record.status.studioStatus.rawValue
        organizationID = organization
        region = record.region
        cloudProvider = record.cloudProvider
        insertedAt = record.insertedAt.rfc3339
        updatedAt = record.updatedAt.rfc3339
        databaseHost = publicHost
        // Studio only sends it back, and polls for as long as it is empty: it names the project only.
        connectionString = record.leases == nil ? "" : "sm:\(record.ref.text)"
        restURL = endpoint?.url("/rest/v1/") ?? ""
        databaseVersion = "supabase-postgres-\(DatabaseVersion(stack.roles).version)"
    }

    static let schema = Schema.named(
        "ProjectDetail",
        .fields(
            .init("id", .integer()), .init("ref", .ref), .init("name", .text), .init("status", .projectStatus),
            .init("organization_id", .integer()), .init("region", .text), .init("cloud_provider", .text),
            .init("inserted_at", .time), .init("updated_at", .time), .init("db_host", .text),
            .init("connectionString", .text), .init("restUrl", .text), .init("dbVersion", .text),
            .init("subscription_id", .text), .init("is_branch_enabled", .boolean),
            .init("is_physical_backups_enabled", .boolean), .init("high_availability", .boolean),
            .init("integration_source", .nullable(.text)),
            .init("stack", .text), .init("template_version", .nullable(.text)),
            .init("upgrade_available", .boolean)))

    enum CodingKeys: String, CodingKey {
        case id, ref, name, status, region, connectionString, stack
        case organizationID = "organization_id"
        case cloudProvider = "cloud_provider"
        case insertedAt = "inserted_at"
        case updatedAt = "updated_at"
        case databaseHost = "db_host"
        case restURL = "restUrl"
        case databaseVersion = "dbVersion"
        case subscriptionID = "subscription_id"
        case isBranchEnabled = "is_branch_enabled"
        case isPhysicalBackupsEnabled = "is_physical_backups_enabled"
        case isHighlyAvailable = "high_availability"
        case integrationSource = "integration_source"
        case templateVersion = "template_version"
        case isUpgradeAvailable = "upgrade_available"
    }
}
