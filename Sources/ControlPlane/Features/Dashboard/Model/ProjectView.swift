import APIKit

/// What the page of a project shows, made of what the API says about it.
struct ProjectView: Sendable {
    /// The project.
    var detail: JSON
    /// Its status and its services.
    var progress: JSON
    /// Its history, newest first.
    var events: JSON
    /// What was asked of it, newest first.
    var operations: JSON
    /// Where its database is; absent for a stack without one.
    var databases: JSON?

    var fields: [String: PageValue] {
        let project = PageValue(detail)
        var fields = StatusWord.fields(of: progress["status"]?.text)
        fields["project"] = project
        fields["reason"] = .visible(reason)
        fields["failure"] = PageValue(progress["failure"])
        fields["services"] = .list((progress["services"]?.elements ?? []).map(service))
        fields["events"] = PageValue(events["events"])
        fields["operations"] = .list((operations["operations"]?.elements ?? []).map(Self.operation))
        fields["api_url"] = project["restUrl"].string.flatMap(Self.base).map { .text($0) } ?? PageValue.none
        fields["database_url"] = .visible(databases?.elements?.first.flatMap(Self.databaseURL))
        return fields
    }

    /// Why the status is what it is: the failure, else the first service that is not ready.
    private var reason: String? {
        if let message = progress["failure"]?["message"]?.text {
            return [progress["failure"]?["service"]?.text, message].compactMap { $0 }.joined(separator: ": ")
        }
        let waiting = (progress["services"]?.elements ?? []).filter { $0["state"]?.text != "ready" }
        let first = waiting.first { $0["state"]?.text == "failing" } ?? waiting.first
        guard let first, let service = first["service"]?.text else { return nil }
        return "\(service): \(first["message"]?.text ?? "not ready yet")"
    }

    private func service(_ json: JSON) -> PageValue {
        let state = json["state"]?.text
        return PageValue(json).adding([
            "label": .visible(Self.states[state ?? ""]?.label ?? state),
            "kind": .text(Self.states[state ?? ""]?.kind ?? "idle"),
            "restarts": .text("\(restarts(of: json["service"]?.text))"),
        ])
    }

    private static let states = [
        "ready": (label: "Ready", kind: "good"), "coming_up": (label: "Starting", kind: "busy"),
        "failing": (label: "Failing", kind: "bad"), "unknown": (label: "Unknown", kind: "idle"),
    ]

    /// How often the shown history says that a service was restarted.
    private func restarts(of service: String?) -> Int {
        let all = (events["events"]?.elements ?? []).filter { $0["kind"]?.text == "services_restarted" }
        return all.count { event in
            (event["facts"]?["services"]?.elements ?? []).contains { $0["service"]?.text == service }
        }
    }

    private static func operation(_ json: JSON) -> PageValue {
        let isOpen = json["finished_at"]?.text == nil
        let canCancel = isOpen && ["create", "pause", "resume"].contains(json["kind"]?.text)
        return PageValue(json).adding(["is_open": .flag(isOpen), "can_cancel": .flag(canCancel)])
    }

    /// The address without the path of one service.
    private static func base(_ url: String) -> String? {
        guard let found = url.firstMatch(of: #/^https?:\/\/[^\/]+/#) else { return nil }
        return String(found.0)
    }

    private static func databaseURL(_ json: JSON) -> String? {
        guard let host = json["db_host"]?.text, case .integer(let port)? = json["db_port"],
            let user = json["db_user"]?.text, let name = json["db_name"]?.text
        else { return nil }
        return "postgresql://\(user)@\(host.contains(":") ? "[\(host)]" : host):\(port)/\(name)"
    }
}
