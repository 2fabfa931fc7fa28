import BackupModel
import BackupOperations
import Orchestrator
import OrchestratorTesting
import ProjectModel

extension ValidRequests {
    static let backups: [String: ValidRequest.Preparation] = [
        "POST /v1/projects/{ref}/database/backups/restore": restorable,
        "POST /platform/database/{ref}/backups/restore": restorable,
        "POST /platform/database/{ref}/backups/restore-physical": restorable,
        "POST /v1/projects/{ref}/database/backups/restore-pitr": moment,
        "POST /platform/database/{ref}/backups/pitr": moment,
        "POST /platform/database/{ref}/backups/{id}/verify": { host, ref in
            ValidRequest(values: ["id": "\(try await verified(host, ref))"])
        },
        "POST /platform/database/{ref}/backups/undo-restore": { host, ref in
            var previous = VolumeRecord(
                name: "previous", owner: ref, ref: ref, composeName: "db-data", holdsData: true)
            previous.setAsideAt = Timestamp(milliseconds: 1)
            try await host.custody.save([previous])
            return ValidRequest()
        },
        "GET /v1/projects/{ref}/database/backups/schedule": { host, ref in
            guard let rule = BackupSchedule(secondOfDay: 0) else { throw HostError("this is a time of day") }
            try await host.parts.backupStore.save(
                ScheduledBackup(rule: rule, updatedAt: Timestamp(milliseconds: 1)), of: ref)
            return ValidRequest()
        },
        "PATCH /v1/projects/{ref}/database/backups/schedule": { _, _ in
            ValidRequest(body: #"{"schedule_for":"03:00:00"}"#)
        },
    ]

    private static let restorable: ValidRequest.Preparation = { host, ref in
        ValidRequest(body: #"{"id":\#(try await verified(host, ref))}"#)
    }

    private static let moment: ValidRequest.Preparation = { host, ref in
        guard let rule = BackupSchedule(secondOfDay: 0) else { throw HostError("this is a time of day") }
        let (store, time) = (host.parts.backupStore, Timestamp(milliseconds: 1_000))
        try await store.save(ScheduledBackup(rule: rule, updatedAt: time, copiesLog: true), of: ref)
        let copy = LogCopy(ref: ref, updatedAt: time)
        try await store.save(copy)
        let span = RestorableSpan(timeline: TimelineID(1), earliest: time, latest: time + .seconds(9))
        guard try await store.save([span], isCovered: true, of: copy) else { throw HostError("the row is there") }
        return ValidRequest(body: #"{"recovery_time_target_unix":5}"#)
    }

    /// The number of a backup that can be restored.
    private static func verified(_ host: APIHost, _ ref: ProjectRef) async throws -> Int64 {
        let store = host.parts.backupStore
        var backup = try await store.insert(.request, of: ref, by: nil, at: Timestamp(milliseconds: 1))
        (backup.state, backup.archived) = (.verified, BackupID("b1-1"))
        backup.takenAt = Timestamp(milliseconds: 2)
        try await store.update(backup)
        return backup.id
    }
}
