import APIKit
import FeatureKit
import HTTPTypes
import Identity

/// The channels of an organization and what was sent to them.
struct NotificationRoutes: Sendable {
    let pages: Pages
    let calls: InternalCalls

    /// Deliveries that a page shows.
    private static let deliveriesShown = 50
    private static let path = "\(OrganizationRoutes.path)/notifications"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, access: .permission(.organizationAdminRead), operation: .page("Notifications")
            ) { try await show($0) },
            Route(
                .post, "\(Self.path)/channels", access: .permission(.projectAdminWrite),
                operation: .form("Add a channel"), handler: add),
            change("/channels/{id}/test", summary: "Send a trial message") { request in
                (.post, "channels/\(try request.uuid("id"))/test", nil)
            },
            change("/channels/{id}/switch", summary: "Switch a channel on or off") { request in
                let isOn = try request.form()["enabled"] == "true"
                return (.patch, "channels/\(try request.uuid("id"))", ["enabled": .boolean(isOn)])
            },
            change("/channels/{id}/delete", summary: "Remove a channel") { request in
                (.delete, "channels/\(try request.uuid("id"))", nil)
            },
            change("/deliveries/{id}/replay", summary: "Send a message again") { request in
                (.post, "deliveries/\(try request.number("id"))/replay", nil)
            },
        ]
    }

    /// A call of the API below the organization's notifications.
    private typealias Call = (HTTPRequest.Method, String, JSON?)

    private func change(
        _ suffix: String, summary: String, call: @escaping @Sendable (APIRequest) throws -> Call
    ) -> Route {
        Route(
            .post, Self.path + suffix, access: .permission(.projectAdminWrite), operation: .form(summary)
        ) { request in
            let slug = try request.slug()
            let (method, path, body) = try call(request)
            do {
                _ = try await calls.send(method, Self.base(slug) + path, body: body, for: request)
            } catch { return try await show(request, problem: try APIError.refusal(error)) }
            return pages.see("\(Pages.home)/organizations/\(slug)/notifications")
        }
    }

    private static func base(_ slug: String) -> String { "/platform/organizations/\(slug)/notifications/" }

    private func show(
        _ request: APIRequest, created: PageValue = .none, problem: APIError? = nil
    ) async throws -> APIResponse {
        let slug = try request.slug()
        let granted = try request.caller().permissions(in: slug)
        let channels = try await calls.json(.get, Self.base(slug) + "channels", for: request)
        let deliveries = try await calls.json(
            .get, Self.base(slug) + "deliveries?limit=\(Self.deliveriesShown)", for: request)
        var names: [String: String] = [:]
        for channel in channels.elements ?? [] {
            if let id = channel["id"]?.text { names[id] = channel["name"]?.text }
        }
        let fields: [String: PageValue] = [
            "slug": .visible(slug), "problem": .visible(problem?.message), "created": created,
            "can_write": .flag(granted.contains(.projectAdminWrite)),
            "channels": .list((channels.elements ?? []).map(Self.channel)),
            "deliveries": .list(
                (deliveries.elements ?? []).map { delivery in
                    PageValue(delivery).adding([
                        "channel": .visible(delivery["channel_id"]?.text.flatMap { names[$0] }),
                        "is_delivered": .flag(delivery["state"]?.text == "delivered"),
                        "is_dead": .flag(delivery["state"]?.text == "dead"),
                        "is_waiting": .flag(delivery["state"]?.text == "waiting"),
                    ])
                }),
        ]
        return try pages.page(
            "notifications", title: "Notifications", fields, for: request, status: problem?.status ?? .ok)
    }

    private static func channel(_ channel: JSON) -> PageValue {
        let isOn = channel["enabled"] == .boolean(true)
        let failures = channel["failures"] ?? .integer(0)
        return PageValue(channel).adding([
            "is_on": .flag(isOn), "is_failing": .flag(isOn && failures != .integer(0)),
            "is_narrowed": .flag(channel["projects"]?.elements != nil || channel["events"]?.elements != nil),
        ])
    }

    /// The secret of a new webhook is shown once, on the page that answers the form.
    private func add(_ request: APIRequest) async throws -> APIResponse {
        let form = try request.form()
        do {
            let made = try await calls.json(
                .post, Self.base(try request.slug()) + "channels", body: .object(Self.body(of: form)), for: request)
            guard let secret = made["secret"]?.text else {
                return pages.see("\(Pages.home)/organizations/\(try request.slug())/notifications")
            }
            return try await show(
                request, created: .object(["name": .visible(form.trimmed("name")), "secret": .visible(secret)]))
        } catch { return try await show(request, problem: try APIError.refusal(error)) }
    }

    private static func body(of form: FormFields) -> [String: JSON] {
        let kind = form.trimmed("kind")
        var body: [String: JSON] = [
            "kind": .string(kind), "name": .string(form.trimmed("name")), "priority": .string(form.trimmed("priority")),
        ]
        if form["groups"] == "true" { body["grouping_seconds"] = .integer(60) }
        for name in ["quiet_from", "quiet_until"] where !form.trimmed(name).isEmpty {
            body[name] = .string(form.trimmed(name))
        }
        guard kind == "email" else {
            body["url"] = .string(form.trimmed("url"))
            return body
        }
        body["smtp_host"] = .string(form.trimmed("smtp_host"))
        body["smtp_port"] = .integer(Int64(form.trimmed("smtp_port")) ?? 587)
        if !form.trimmed("smtp_user").isEmpty {
            body["smtp_user"] = .string(form.trimmed("smtp_user"))
            body["smtp_password"] = .string(form["smtp_password"] ?? "")
        }
        body["sender"] = .string(form.trimmed("sender"))
        body["recipients"] = .array(
            form.trimmed("recipients").split { $0 == "," || $0.isWhitespace }.map { .string(String($0)) })
        return body
    }
}
