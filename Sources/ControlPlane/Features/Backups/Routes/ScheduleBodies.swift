import APIKit
import BackupModel
import BackupOperations
import FeatureKit
import ProjectModel

/// A project's schedule.
struct ScheduleBody: Encodable, Sendable, Documented {
    let scheduleFor, updatedAt: String

    static let schema = Schema.fields(.init("schedule_for", .text), .init("updated_at", .time))

    init(_ schedule: ScheduledBackup) {
        scheduleFor = schedule.rule.text
        updatedAt = schedule.updatedAt.rfc3339
    }

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
        case updatedAt = "updated_at"
    }
}

/// The body of a request for a schedule.
struct ScheduleRequest: Decodable {
    let scheduleFor: String

    static let schema = Schema.fields(.init("schedule_for", .text))

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
    }
}
