import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}`.
struct ProjectDetail: EncodableBody {
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

    static let shape = BodyShape<Self>(
        "ProjectDetail",
        [
            .init("id", of: \.id),
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("status", .projectStatus, of: \.status),
            .init("organization_id", of: \.organizationID),
            .init("region", of: \.region),
            .init("cloud_provider", of: \.cloudProvider),
            .init("inserted_at", .time, of: \.insertedAt),
            .init("updated_at", .time, of: \.updatedAt),
            .init("db_host", of: \.databaseHost),
            .init("connectionString", of: \.connectionString),
            .init("restUrl", of: \.restURL),
            .init("dbVersion", of: \.databaseVersion),
            .constant("subscription_id", "local"),
            .constant("is_branch_enabled", false),
            .constant("is_physical_backups_enabled", false),
            .constant("high_availability", false),
            .null("integration_source"),
            .init("stack", of: \.stack),
            .init("template_version", of: \.templateVersion),
            .init("upgrade_available", of: \.isUpgradeAvailable),
        ])
}
