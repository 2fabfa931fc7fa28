import APIKit
import BackupModel
import BackupOperations
import FeatureKit
import ProjectModel

/// A project's schedule.
struct ScheduleBody: Encodable, Sendable, Documented {
    let scheduleFor, updatedAt: String
    let pointInTime: Bool

    static let schema = Schema.fields(
        .init("schedule_for", .text), .init("updated_at", .time), .init("point_in_time", .boolean))

    init(_ schedule: ScheduledBackup) {
        scheduleFor = schedule.rule.text
        updatedAt = schedule.updatedAt.rfc3339
        pointInTime = schedule.copiesLog
    }

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
        case pointInTime = "point_in_time"
        case updatedAt = "updated_at"
    }
}

/// The body of a request for a schedule. What is absent stays as it is.
struct ScheduleRequest: Decodable {
    let scheduleFor: String?
    let pointInTime: Bool?

    static let schema = Schema.fields(.optional("schedule_for", .text), .optional("point_in_time", .boolean))

    enum CodingKeys: String, CodingKey {
        case scheduleFor = "schedule_for"
        case pointInTime = "point_in_time"
    }
}
