import APIKit
import BackupOperations
import FeatureKit
import Orchestrator
import ProjectModel

/// The words of the contract. A backup is complete once it was restored for a trial.
enum BackupStatusWord: String, CaseIterable {
    case completed = "COMPLETED"
    case failed = "FAILED"
    case pending = "PENDING"
    case removed = "REMOVED"
    case archived = "ARCHIVED"
    case cancelled = "CANCELLED"

    init(_ state: BackupState) {
        self =
            switch state {
            case .pending, .stored: .pending
            case .verified: .completed
            case .unsound, .failed: .failed
            case .removed: .removed
            }
    }

    static let schema = Schema.choice(allCases.map(\.rawValue))
}

/// A backup in the list of `/v1`.
struct V1BackupBody: Encodable, Sendable, Documented {
    let id: Int64
    let isPhysicalBackup = true
    let status, insertedAt: String

    static let schema = Schema.fields(
        .init("id", .integer()), .init("is_physical_backup", .boolean), .init("status", BackupStatusWord.schema),
        .init("inserted_at", .time))

    init(_ backup: ProjectBackup) {
        id = backup.id
        status = BackupStatusWord(backup.state).rawValue
        insertedAt = backup.insertedAt.rfc3339
    }

    enum CodingKeys: String, CodingKey {
        case id, status
        case isPhysicalBackup = "is_physical_backup"
        case insertedAt = "inserted_at"
    }
}

/// The answer of `/v1`.
struct V1BackupsBody: Encodable, Sendable, Documented {
    let region: String
    let walgEnabled: Bool
    let pitrEnabled = false
    let backups: [V1BackupBody]
    let physicalBackupData = NoMoments()

    /// There are no moments between backups to choose from.
    struct NoMoments: Encodable, Sendable {}

    static let schema = Schema.fields(
        .init("region", .text), .init("walg_enabled", .boolean), .init("pitr_enabled", .boolean),
        .init("backups", .array(V1BackupBody.schema)), .init("physical_backup_data", .object([])))

    init(_ backups: [ProjectBackup], of record: ProjectRecord, isOn: Bool) {
        region = record.region
        walgEnabled = isOn
        self.backups = backups.map(V1BackupBody.init)
    }

    enum CodingKeys: String, CodingKey {
        case region, backups
        case walgEnabled = "walg_enabled"
        case pitrEnabled = "pitr_enabled"
        case physicalBackupData = "physical_backup_data"
    }
}

/// A backup in Studio's list, with what the manager knows besides.
struct BackupBody: Encodable, Sendable, Documented {
    let id, projectID: Int64
    let isPhysicalBackup = true
    let status, state, reason, insertedAt: String
    let takenAt, verifiedAt, requestedBy, failure: Nullable<String>
    let storedBytes: Nullable<Int64>

    static let schema = Schema.named(
        "Backup",
        .fields(
            .init("id", .integer()), .init("project_id", .integer()), .init("isPhysicalBackup", .boolean),
            .init("status", BackupStatusWord.schema), .init("state", .choice(BackupState.allCases.map(\.rawValue))),
            .init("reason", .choice(BackupReason.allCases.map(\.rawValue))), .init("inserted_at", .time),
            .init("taken_at", .nullable(.time)), .init("verified_at", .nullable(.time)),
            .init("stored_bytes", .nullable(.integer())), .init("requested_by", .nullable(.text)),
            .init("failure", .nullable(.text))))

    init(_ backup: ProjectBackup, of record: ProjectRecord) {
        id = backup.id
        projectID = record.number
        status = BackupStatusWord(backup.state).rawValue
        state = backup.state.rawValue
        reason = backup.reason.rawValue
        insertedAt = backup.insertedAt.rfc3339
        takenAt = Nullable(backup.takenAt?.rfc3339)
        verifiedAt = Nullable(backup.verifiedAt?.rfc3339)
        storedBytes = Nullable(backup.storedBytes)
        requestedBy = Nullable(backup.requestedBy)
        failure = Nullable(backup.failure)
    }

    enum CodingKeys: String, CodingKey {
        case id, status, state, reason, failure, isPhysicalBackup
        case projectID = "project_id"
        case insertedAt = "inserted_at"
        case takenAt = "taken_at"
        case verifiedAt = "verified_at"
        case storedBytes = "stored_bytes"
        case requestedBy = "requested_by"
    }
}

/// Studio's answer.
struct BackupsBody: Encodable, Sendable, Documented {
    let region: String
    let walgEnabled: Bool
    let pitrEnabled = false
    let physicalBackupData = V1BackupsBody.NoMoments()
    let backups: [BackupBody]
    let tierKey = "FREE"

    static let schema = Schema.fields(
        .init("region", .text), .init("walg_enabled", .boolean), .init("pitr_enabled", .boolean),
        .init("physicalBackupData", .object([])), .init("backups", .array(BackupBody.schema)), .init("tierKey", .text))

    init(_ backups: [ProjectBackup], of record: ProjectRecord, isOn: Bool) {
        region = record.region
        walgEnabled = isOn
        self.backups = backups.map { BackupBody($0, of: record) }
    }

    enum CodingKeys: String, CodingKey {
        case region, backups, tierKey, physicalBackupData
        case walgEnabled = "walg_enabled"
        case pitrEnabled = "pitr_enabled"
    }
}

/// The body of a request for a restore.
struct RestoreRequest: Decodable {
    let id: Int64

    static let schema = Schema.fields(.init("id", .integer()))
}
