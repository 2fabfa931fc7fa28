import APIKit
import HTTPTypes
import NotificationModel
import Orchestrator
import ProjectModel

/// A channel, without what opens its target.
struct ChannelBody: EncodableBody {
    let channel: NotificationChannel
    /// The secret that signs messages to a webhook; only in the answer to the request that made it.
    var secret: Secret<String>?

    init(_ channel: NotificationChannel, secret: Secret<String>? = nil) {
        self.channel = channel
        self.secret = secret
    }

    static let shape = BodyShape<Self>(
        "NotificationChannel",
        [
            .init("id", .uuid, of: \.channel.id),
            .init("name", of: \.channel.name),
            .init("kind", .choice(ChannelKind.allCases.map(\.rawValue)), of: \.channel.kind.rawValue),
            .init("enabled", of: \.channel.isEnabled),
            .init("target", of: \.channel.targetShown),
            .nullable("projects", .array(.ref), of: { $0.channel.filter.refs?.map(\.text).sorted() }),
            .nullable("events", .array(.alertRule), of: { $0.channel.filter.rules?.map(\.rawValue).sorted() }),
            .init("priority", .alertPriority, of: { $0.channel.filter.priority.word }),
            .nullable("quiet_from", .timeOfDay, of: { $0.channel.quietTime.map { TimeOfDay.text($0.from) } }),
            .nullable("quiet_until", .timeOfDay, of: { $0.channel.quietTime.map { TimeOfDay.text($0.until) } }),
            .init("grouping_seconds", of: { $0.channel.grouping.components.seconds }),
            .init("failures", of: \.channel.failures),
            .nullable("retry_at", .time, of: { $0.channel.retryAt?.rfc3339 }),
            .init("created_at", .time, of: \.channel.createdAt.rfc3339),
            .init("updated_at", .time, of: \.channel.updatedAt.rfc3339),
            .optional("secret", of: { $0.secret?.reveal() }),
        ])
}

/// One alert on its way to one channel.
struct DeliveryBody: EncodableBody {
    let delivery: AlertDelivery

    init(_ delivery: AlertDelivery) { self.delivery = delivery }

    static let shape = BodyShape<Self>(
        "NotificationDelivery",
        [
            .init("id", of: \.delivery.id),
            .init("message_id", .uuid, of: \.delivery.messageID),
            .init("channel_id", .uuid, of: \.delivery.channel),
            .init("state", .choice(DeliveryState.allCases.map(\.rawValue)), of: \.delivery.state.rawValue),
            .init("event", .alertRule, of: \.delivery.alert.rule.rawValue),
            .init("phase", .choice(AlertPhase.allCases.map(\.rawValue)), of: \.delivery.alert.phase.rawValue),
            .init("priority", .alertPriority, of: \.delivery.alert.rule.priority.word),
            .nullable("project_ref", .ref, of: { $0.delivery.alert.subject.ref?.text }),
            .init("title", of: \.delivery.alert.title),
            .init("text", of: \.delivery.alert.text),
            .init("attempts", of: \.delivery.attempts),
            .nullable("answer", of: \.delivery.answer),
            .init("created_at", .time, of: \.delivery.createdAt.rfc3339),
            .init("due_at", .time, of: \.delivery.dueAt.rfc3339),
            .nullable("last_attempt_at", .time, of: { $0.delivery.lastAttemptAt?.rfc3339 }),
            .nullable("delivered_at", .time, of: { $0.delivery.deliveredAt?.rfc3339 }),
        ])
}

/// A channel to make, or what to change of one.
struct ChannelRequest: DecodableBody {
    let kind, name, priority: String?
    let isEnabled: Bool?
    let projects, events: [String]?
    let quietFrom, quietUntil: String?
    let groupingSeconds: Int64?
    let url, secret: Secret<String>?
    let rotatesSecret: Bool?
    let host, user, sender: String?
    let port: Int64?
    let password: Secret<String>?
    let recipients: [String]?
    /// Fields that are there, null or not.
    let given: Set<String>

    private static let nullable = ["projects", "events", "quiet_from", "quiet_until"]

    init(fields: BodyReader) throws {
        kind = try fields.readIfPresent("kind", .choice(ChannelKind.allCases.map(\.rawValue)))
        name = try fields.readIfPresent("name", .text(1...NotificationChannel.nameLengthMax))
        isEnabled = try fields.readIfPresent("enabled")
        projects = try fields.readIfPresent("projects", .array(.ref))
        events = try fields.readIfPresent("events", .array(.alertRule))
        priority = try fields.readIfPresent("priority", .alertPriority)
        quietFrom = try fields.readIfPresent("quiet_from", .timeOfDay)
        quietUntil = try fields.readIfPresent("quiet_until", .timeOfDay)
        groupingSeconds = try fields.readIfPresent("grouping_seconds", .integer(0...3_600))
        url = try fields.secretIfPresent("url")
        secret = try fields.secretIfPresent("secret")
        rotatesSecret = try fields.readIfPresent("rotate_secret")
        host = try fields.readIfPresent("smtp_host")
        port = try fields.readIfPresent("smtp_port", .integer(1...65_535))
        user = try fields.readIfPresent("smtp_user")
        password = try fields.secretIfPresent("smtp_password")
        sender = try fields.readIfPresent("sender")
        recipients = try fields.readIfPresent("recipients")
        given = Set(Self.nullable.filter { fields.contains($0) })
    }

    /// What it decides besides the target.
    ///
    /// - Parameter before: The channel as it is; nil for a new one.
    func draft(from before: NotificationChannel?) throws(APIError) -> ChannelDraft {
        var draft = ChannelDraft()
        draft.name = name
        draft.isEnabled = isEnabled
        draft.grouping = groupingSeconds.map { .seconds(min(max($0, -1), 1_000_000)) }
        var filter = before?.filter ?? ChannelFilter()
        if given.contains("projects") {
            filter.refs = try projects.map { list throws(APIError) in try Self.refs(list) }
        }
        if given.contains("events") { filter.rules = try events.map { list throws(APIError) in try Self.rules(list) } }
        if let priority {
            guard let known = NotificationPriority(word: priority) else {
                throw APIError(.badRequest, "priority must be info, warning or critical")
            }
            filter.priority = known
        }
        draft.filter = filter
        if given.contains("quiet_from") || given.contains("quiet_until") { draft.quietTime = .some(try quietTime()) }
        return draft
    }

    private static func refs(_ list: [String]) throws(APIError) -> Set<ProjectRef> {
        var refs: Set<ProjectRef> = []
        for text in list {
            guard let ref = ProjectRef(text) else { throw APIError(.badRequest, "projects must be a list of refs") }
            refs.insert(ref)
        }
        return refs
    }

    private static func rules(_ list: [String]) throws(APIError) -> Set<AlertRule> {
        var rules: Set<AlertRule> = []
        for text in list {
            guard let rule = AlertRule(rawValue: text), rule != .test else {
                let known = AlertRule.choosable.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "events must be a list of these: \(known)")
            }
            rules.insert(rule)
        }
        return rules
    }

    private func quietTime() throws(APIError) -> QuietTime? {
        if quietFrom == nil, quietUntil == nil { return nil }
        guard let from = quietFrom.flatMap(TimeOfDay.minute), let until = quietUntil.flatMap(TimeOfDay.minute),
            let quiet = QuietTime(from: from, until: until)
        else {
            throw APIError(
                .badRequest, "quiet_from and quiet_until come together, as two different times in UTC such as 22:00")
        }
        return quiet
    }

    // MARK: - Target

    /// The target of a new channel, and the secret to show once where it was made here.
    func target() throws(APIError) -> (target: ChannelTarget, shown: Secret<String>?) {
        guard let kind = kind.flatMap({ ChannelKind(rawValue: $0) }) else {
            throw APIError(.badRequest, "kind must be email, slack, discord or webhook")
        }
        switch kind {
        case .slack: return (.slack(try needed(url, "url")), nil)
        case .discord: return (.discord(try needed(url, "url")), nil)
        case .webhook:
            let made = secret == nil ? ChannelTarget.WebhookTarget.drawSecret() : nil
            let used = secret ?? made
            return (
                .webhook(.init(url: try needed(url, "url"), secrets: used.map { [$0] } ?? [])), made
            )
        case .email:
            return (
                .email(
                    .init(
                        host: try needed(host, "smtp_host"), port: Int(port ?? 587), user: user, password: password,
                        sender: try needed(sender, "sender"), recipients: try needed(recipients, "recipients"))), nil
            )
        }
    }

    private func needed<Value>(_ value: Value?, _ name: String) throws(APIError) -> Value {
        guard let value else { throw APIError(.badRequest, "a channel of this kind needs \(name)") }
        return value
    }

    var changesTarget: Bool {
        url != nil || secret != nil || rotatesSecret == true || host != nil || port != nil || user != nil
            || password != nil || sender != nil || recipients != nil
    }

    /// The target with what is given; a new secret of a webhook has the one before it beside it until the next.
    func changed(_ target: ChannelTarget) -> (target: ChannelTarget, shown: Secret<String>?) {
        switch target {
        case .slack(let old): return (.slack(url ?? old), nil)
        case .discord(let old): return (.discord(url ?? old), nil)
        case .webhook(var webhook):
            webhook.url = url ?? webhook.url
            let made = secret == nil && rotatesSecret == true ? ChannelTarget.WebhookTarget.drawSecret() : nil
            if let new = secret ?? made { webhook.secrets = [new] + webhook.secrets.prefix(1) }
            return (.webhook(webhook), made)
        case .email(var mail):
            mail.host = host ?? mail.host
            mail.port = port.map { Int($0) } ?? mail.port
            // A password belongs to one server and one account.
            if host != nil || user != nil { (mail.user, mail.password) = (user ?? mail.user, password) }
            mail.password = password ?? mail.password
            mail.sender = sender ?? mail.sender
            mail.recipients = recipients ?? mail.recipients
            return (.email(mail), nil)
        }
    }
}

/// A time of day in UTC: `22:00`.
enum TimeOfDay {
    static func text(_ minute: Int) -> String {
        let (hours, minutes) = minute.quotientAndRemainder(dividingBy: 60)
        return "\(hours < 10 ? "0" : "")\(hours):\(minutes < 10 ? "0" : "")\(minutes)"
    }

    static func minute(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /([0-9]{2}):([0-9]{2})/), let hours = Int(match.1),
            let minutes = Int(match.2), hours < 24, minutes < 60
        else { return nil }
        return hours * 60 + minutes
    }
}

extension NotificationPriority {
    var word: String { rawValue.lowercased() }

    init?(word: String) {
        guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }
}

extension Schema {
    fileprivate static let alertRule = Schema.choice(AlertRule.allCases.map(\.rawValue))
    fileprivate static let alertPriority = Schema.choice(NotificationPriority.allCases.map(\.word))
    fileprivate static let timeOfDay = Schema.pattern("^[0-9]{2}:[0-9]{2}$")
}
