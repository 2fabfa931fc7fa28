import APIKit
import HTTPTypes
import NotificationModel
import Orchestrator
import ProjectModel

/// A notification as Studio shows it.
struct NotificationBody: EncodableBody {
    let id: String
    let insertedAt: String
    let name: String
    let priority: String
    let status: String
    let data: Content

    /// The text.
    struct Content: EncodableBody {
        let title: String
        let message: String
        let organizationSlug: String
        let projectRef: String
        let actions: [Action]

        static let shape = BodyShape<Self>([
            .init("title", of: \.title),
            .init("message", of: \.message),
            .init("org_slug", of: \.organizationSlug),
            .init("project_ref", .ref, of: \.projectRef),
            .init("actions", of: \.actions),
        ])
    }

    /// The link.
    struct Action: EncodableBody {
        let label: String
        let url: String

        static let shape = BodyShape<Self>([
            .init("label", of: \.label),
            .init("url", of: \.url),
        ])
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

    static let shape = BodyShape<Self>(
        "Notification",
        [
            .init("id", .uuid, of: \.id),
            .init("inserted_at", .time, of: \.insertedAt),
            .init("name", .choice(NotificationKind.allCases.map(\.rawValue)), of: \.name),
            .init("priority", .choice(NotificationPriority.allCases.map(\.rawValue)), of: \.priority),
            .init("status", .choice(NotificationStatus.allCases.map(\.rawValue)), of: \.status),
            .init("data", of: \.data),
            .constant("meta", [String: JSON]()),
        ])
}

/// What the bell of the dashboard shows.
struct NotificationSummaryBody: EncodableBody {
    let summary: NotificationSummary

    init(_ summary: NotificationSummary) { self.summary = summary }

    static let shape = BodyShape<Self>(
        "NotificationSummary",
        [
            .init("unread_count", of: \.summary.unread),
            .init("has_critical", of: \.summary.hasCritical),
            .init("has_warning", of: \.summary.hasWarning),
        ])
}

/// One element of the body of `PATCH /platform/notifications`.
struct NotificationMarkBody: DecodableBody {
    let id: String
    let status: String

    /// Most elements of one body.
    static let countMax = 100

    init(fields: BodyReader) throws {
        id = try fields.read("id", .uuid)
        status = try fields.read("status", .choice(NotificationStatus.allCases.map(\.rawValue)))
    }

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
