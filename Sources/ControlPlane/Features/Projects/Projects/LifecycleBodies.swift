import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// `GET /platform/projects/{ref}/pause/status`. A paused project can always be resumed here: its volumes stay.
struct PauseStatus: EncodableBody {
    let record: ProjectRecord

    /// The contract requires a number for "never": a hundred years.
    static let daysUntilRestoreDisabled = 36_500

    init(_ record: ProjectRecord) { self.record = record }

    static let shape = BodyShape<Self>(
        "PauseStatus",
        [
            .init("can_restore") { $0.record.status == .paused },
            .nullable("last_paused_on", .time) {
                $0.record.status == .paused ? $0.record.statusChangedAt.rfc3339 : nil
            },
            .null("latest_downloadable_backup_id", .integer()),
            .constant("max_days_till_restore_disabled", daysUntilRestoreDisabled),
            .null("remaining_days_till_restore_disabled", .integer()),
        ])
}

/// The answer to a resume.
struct ResumedProject: EncodableBody {
    let record: ProjectRecord
    let organization: Int64

    init(_ record: ProjectRecord, organization: Int64) {
        self.record = record
        self.organization = organization
    }

    static let shape = BodyShape<Self>(
        "ResumedProject",
        [
            .init("id", of: \.record.number),
            .init("organization_id", of: \.organization),
            .init("region", of: \.record.region),
            .init("cloud_provider", of: \.record.cloudProvider),
            .init("status", .projectStatus, of: \.record.status.studioStatus.rawValue),
            .constant("back_ups", [Int64](), schema: .array(.fields(.init("id", .integer())))),
        ])
}
