import APIKit
import HTTPTypes
import NotificationModel
import Orchestrator
import ProjectModel

/// A notification as Studio shows it.
struct NotificationBody: Encodable, Sendable, Documented {
    let id: String
    let insertedAt: String
    let name: String
    let priority: String
    let status: String
    let data: Content
    let meta: [String: String] = [:]

    /// The text.
    struct Content: Encodable, Sendable {
        let title: String
        let message: String
        let organizationSlug: String
        let projectRef: String
        let actions: [Action]

        enum CodingKeys: String, CodingKey {
            case title, message, actions
            case organizationSlug = "org_slug"
            case projectRef = "project_ref"
        }
    }

    /// The link.
    struct Action: Encodable, Sendable {
        let label: String
        let url: String
    }

    init(_ entry: NotificationEntry) {
        let notification = entry.notification
        let draft = notification.draft
        id = notification.id
        insertedAt = notification.insertedAt.rfc3339
        name = draft.kind.rawValue
        priority = draft.kind.priority.rawValue
        status = entry.status.rawValue
        data = Content(
            title: draft.title, message: draft.message, organizationSlug: notification.organizationSlug,
            projectRef: notification.ref.text,
            actions: [Action(label: "Open project", url: "/project/\(notification.ref)")])
    }

    static let schema = Schema.named(
        "Notification",
        .fields(
            .init("id", .uuid), .init("inserted_at", .time),
            .init("name", .choice(NotificationKind.allCases.map(\.rawValue))),
            .init("priority", .choice(NotificationPriority.allCases.map(\.rawValue))),
            .init("status", .choice(NotificationStatus.allCases.map(\.rawValue))),
            .init(
                "data",
                .fields(
                    .init("title", .text), .init("message", .text), .init("org_slug", .text),
                    .init("project_ref", .ref),
                    .init("actions", .array(.fields(.init("label", .text), .init("url", .text)))))),
            .init("meta", .map(.anything))))

    enum CodingKeys: String, CodingKey {
        case id, name, priority, status, data, meta
        case insertedAt = "inserted_at"
    }
}

/// What the bell of the dashboard shows.
struct NotificationSummaryBody: Encodable, Sendable, Documented {
    let unread: Int
    let hasCritical: Bool
    let hasWarning: Bool

    init(_ summary: NotificationSummary) {
        unread = summary.unread
        hasCritical = summary.hasCritical
        hasWarning = summary.hasWarning
    }

    static let schema = Schema.named(
        "NotificationSummary",
        .fields(.init("unread_count", .integer()), .init("has_critical", .boolean), .init("has_warning", .boolean)))

    enum CodingKeys: String, CodingKey {
        case unread = "unread_count"
        case hasCritical = "has_critical"
        case hasWarning = "has_warning"
    }
}

/// One element of the body of `PATCH /platform/notifications`.
struct NotificationMarkBody: Decodable, Sendable {
    let id: String
    let status: String

    /// Most elements of one body.
    static let countMax = 100

    static let schema = Schema.array(
        .fields(
            .init("id", .uuid), .init("status", .choice(NotificationStatus.allCases.map(\.rawValue)))))

    /// The marks of a body by identifier; 400 for an invalid one.
    static func marks(_ body: [NotificationMarkBody]) throws(APIError) -> [String: NotificationStatus] {
        guard body.count <= countMax else {
            throw APIError(.badRequest, "at most \(countMax) notifications can be marked at once")
        }
        var marks: [String: NotificationStatus] = [:]
        for mark in body {
            guard let status = NotificationStatus(rawValue: mark.status) else {
                let known = NotificationStatus.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "status must be one of \(known)")
            }
            guard mark.id.utf8.count == uuidLength, !mark.id.utf8.contains(0) else {
                throw APIError(.badRequest, "id must be the identifier of a notification, a UUID")
            }
            marks[mark.id.lowercased()] = status
        }
        return marks
    }

    private static let uuidLength = 36
}
