import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}/pause/status`. A paused project can always be resumed here: its volumes stay.
struct PauseStatus: Encodable, Sendable, Documented {
    let canRestore: Bool
    let lastPausedOn: Nullable<String>
    let latestDownloadableBackupID = Nullable<Int64>(nil)
    let maxDaysUntilRestoreDisabled = daysUntilRestoreDisabled
    let remainingDaysUntilRestoreDisabled = Nullable<Int>(nil)

    /// The contract requires a number for "never": a hundred years.
    static let daysUntilRestoreDisabled = 36_500

    init(_ record: ProjectRecord) {
        canRestore = record.status == .paused
        lastPausedOn = Nullable(record.status == .paused ? record.statusChangedAt.rfc3339 : nil)
    }

    static let schema = Schema.named(
        "PauseStatus",
        .fields(
            .init("can_restore", .boolean), .init("last_paused_on", .nullable(.time)),
            .init("latest_downloadable_backup_id", .nullable(.integer())),
            .init("max_days_till_restore_disabled", .integer()),
            .init("remaining_days_till_restore_disabled", .nullable(.integer()))))

    enum CodingKeys: String, CodingKey {
        case canRestore = "can_restore"
        case lastPausedOn = "last_paused_on"
        case latestDownloadableBackupID = "latest_downloadable_backup_id"
        case maxDaysUntilRestoreDisabled = "max_days_till_restore_disabled"
        case remainingDaysUntilRestoreDisabled = "remaining_days_till_restore_disabled"
    }
}

/// The answer to a resume.
struct ResumedProject: Encodable, Sendable, Documented {
    let id: Int64
    let organizationID: Int64
    let region: String
    let cloudProvider: String
    let status: String
    let backUps: [Int64] = []

    static let schema = Schema.named(
        "ResumedProject",
        .fields(
            .init("id", .integer()), .init("organization_id", .integer()), .init("region", .text),
            .init("cloud_provider", .text), .init("status", .projectStatus),
            .init("back_ups", .array(.fields(.init("id", .integer()))))))

    init(_ record: ProjectRecord, organization: Int64) {
        id = record.number
        organizationID = organization
        region = record.region
        cloudProvider = record.cloudProvider
        status = record.status.studioStatus.rawValue
    }

    enum CodingKeys: String, CodingKey {
        case id, region, status
        case organizationID = "organization_id"
        case cloudProvider = "cloud_provider"
        case backUps = "back_ups"
    }
}
