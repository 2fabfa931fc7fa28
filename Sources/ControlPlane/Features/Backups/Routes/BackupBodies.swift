import APIKit
import BackupModel
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
    let walgEnabled, pitrEnabled: Bool
    let backups: [V1BackupBody]
    let physicalBackupData: Moments

    /// The newest stretch of time of which every moment can be restored; empty while there is none.
    struct Moments: Encodable, Sendable {
        let earliest, latest: Int64?

        static let schema = Schema.fields(
            .optional("earliest_physical_backup_date_unix", .integer()),
            .optional("latest_physical_backup_date_unix", .integer()))

        init(_ moments: UnixMoments) { (earliest, latest) = (moments.earliest, moments.latest) }

        enum CodingKeys: String, CodingKey {
            case earliest = "earliest_physical_backup_date_unix"
            case latest = "latest_physical_backup_date_unix"
        }
    }

    static let schema = Schema.fields(
        .init("region", .text), .init("walg_enabled", .boolean), .init("pitr_enabled", .boolean),
        .init("backups", .array(V1BackupBody.schema)), .init("physical_backup_data", Moments.schema))

    init(_ backups: [ProjectBackup], _ log: LogCopy?, of record: ProjectRecord, isOn: Bool) {
        region = record.region
        walgEnabled = isOn
        pitrEnabled = log != nil
        physicalBackupData = Moments(UnixMoments(log))
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

/// Studio's answer, with what the manager knows of the copy of the log.
struct BackupsBody: Encodable, Sendable, Documented {
    let region: String
    let walgEnabled, pitrEnabled: Bool
    let physicalBackupData: Moments
    let backups: [BackupBody]
    let log: Nullable<LogCopyBody>
    let store: Nullable<String>
    let tierKey = "FREE"

    /// As in `/v1`, by other names.
    struct Moments: Encodable, Sendable {
        let earliest, latest: Int64?

        static let schema = Schema.fields(
            .optional("earliestPhysicalBackupDateUnix", .integer()),
            .optional("latestPhysicalBackupDateUnix", .integer()))

        init(_ moments: UnixMoments) { (earliest, latest) = (moments.earliest, moments.latest) }

        enum CodingKeys: String, CodingKey {
            case earliest = "earliestPhysicalBackupDateUnix"
            case latest = "latestPhysicalBackupDateUnix"
        }
    }

    static let schema = Schema.fields(
        .init("region", .text), .init("walg_enabled", .boolean), .init("pitr_enabled", .boolean),
        .init("physicalBackupData", Moments.schema), .init("backups", .array(BackupBody.schema)),
        .init("log", .nullable(LogCopyBody.schema)),
        .init("store", .nullable(.choice(BackupStoreKind.allCases.map(\.rawValue)))), .init("tierKey", .text))

    init(_ backups: [ProjectBackup], _ log: LogCopy?, of record: ProjectRecord, store: BackupStoreKind?) {
        region = record.region
        walgEnabled = store != nil
        pitrEnabled = log != nil
        physicalBackupData = Moments(UnixMoments(log))
        self.backups = backups.map { BackupBody($0, of: record) }
        self.log = Nullable(log.map(LogCopyBody.init))
        self.store = Nullable(store?.rawValue)
    }

    enum CodingKeys: String, CodingKey {
        case region, backups, log, store, tierKey, physicalBackupData
        case walgEnabled = "walg_enabled"
        case pitrEnabled = "pitr_enabled"
    }
}

/// The body of a request for a restore.
struct RestoreRequest: Decodable {
    let id: Int64

    static let schema = Schema.fields(.init("id", .integer()))
}
