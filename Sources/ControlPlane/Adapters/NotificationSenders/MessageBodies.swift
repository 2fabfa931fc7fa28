import FoundationEssentials
import NotificationModel
import ProjectModel

/// What each kind of sink reads.
enum MessageBodies {
    /// Characters of a section (Slack's reference of blocks: 3,000) and of all content (Discord's: 2,000), less what
    /// cuts and signs need.
    static let slackLengthMax = 2_900
    static let discordLengthMax = 1_900

    // MARK: - Webhook

    private struct WebhookBody: Encodable {
        let type: String
        let timestamp: String
        let data: Data

        struct Data: Encodable {
            let installation, organization, title, priority, link: String
            let alerts: [One]
        }

        struct One: Encodable {
            let type, phase, priority, title, text, name, timestamp: String
            let projectRef: String?

            enum CodingKeys: String, CodingKey {
                case type, phase, priority, title, text, name, timestamp
                case projectRef = "project_ref"
            }
        }
    }

    /// `{type, timestamp, data}`, as Standard Webhooks recommends it. The same bytes at every attempt.
    static func webhook(_ message: AlertMessage) throws -> [UInt8] {
        try json(
            WebhookBody(
                type: message.alerts.first?.rule.rawValue ?? "", timestamp: time(message.alerts.first?.at),
                data: .init(
                    installation: message.installation, organization: message.organizationSlug, title: message.title,
                    priority: message.priority.rawValue.lowercased(), link: message.link,
                    alerts: message.alerts.map { alert in
                        .init(
                            type: alert.rule.rawValue, phase: alert.phase.rawValue,
                            priority: alert.rule.priority.rawValue.lowercased(), title: alert.title, text: alert.text,
                            name: alert.subject.name, timestamp: time(alert.at), projectRef: alert.subject.ref?.text)
                    })))
    }

    // MARK: - Slack

    private struct SlackBody: Encodable {
        let text: String
        let blocks: [Block]

        struct Block: Encodable {
            let type = "section"
            let text: Text
        }

        struct Text: Encodable {
            let type = "mrkdwn"
            let text: String
        }
    }

    /// Text and one section, with Slack's three characters escaped.
    static func slack(_ message: AlertMessage) throws -> [UInt8] {
        let lines = message.alerts.map { alert in
            "*\(slackEscaped(alert.title))*\n\(slackEscaped(alert.text))\n\(time(alert.at))"
        }
        let text = whole(lines, in: slackLengthMax - 400) + "\n" + slackEscaped(footer(message))
        return try json(
            SlackBody(text: slackEscaped(message.title), blocks: [.init(text: .init(text: text))]))
    }

    static func slackEscaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    // MARK: - Discord

    private struct DiscordBody: Encodable {
        let content: String
        let allowedMentions = Mentions()

        struct Mentions: Encodable { let parse: [String] = [] }

        enum CodingKeys: String, CodingKey {
            case content
            case allowedMentions = "allowed_mentions"
        }
    }

    /// Plain content that mentions nobody, whatever a project is called.
    static func discord(_ message: AlertMessage) throws -> [UInt8] {
        let lines = message.alerts.map { "**\(discordEscaped($0.title))**\n\(discordEscaped($0.text))\n\(time($0.at))" }
        return try json(
            DiscordBody(content: whole(lines, in: discordLengthMax - 400) + "\n" + discordEscaped(footer(message))))
    }

    /// Markdown of others is text here.
    static func discordEscaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            if "\\*_~`|>[]()#".unicodeScalars.contains(scalar) { escaped.unicodeScalars.append("\\") }
            escaped.unicodeScalars.append(scalar)
        }
        return escaped
    }

    // MARK: - Mail

    static func mail(_ message: AlertMessage) -> String {
        let parts = message.alerts.map { alert in
            [alert.title, alert.text, time(alert.at)].joined(separator: "\r\n")
        }
        return (parts + [footer(message)]).joined(separator: "\r\n\r\n") + "\r\n"
    }

    // MARK: - Parts

    /// Project with its ref, organization, installation, and a link.
    private static func footer(_ message: AlertMessage) -> String {
        let subject = message.alerts.first?.subject
        let project = subject?.ref.map { "project \(subject?.name ?? "") (\($0)), " } ?? ""
        return "\(project)organization \(message.organizationSlug): \(message.link)"
    }

    /// As many as fit, and how many do not.
    private static func whole(_ parts: [String], in length: Int) -> String {
        var text = ""
        for (index, part) in parts.enumerated() {
            let longer = text.isEmpty ? part : text + "\n\n" + part
            guard longer.unicodeScalars.count <= length else {
                guard text.isEmpty else { return text + "\n\nand \(parts.count - index) more" }
                return String(String.UnicodeScalarView(part.unicodeScalars.prefix(length))) + "…"
            }
            text = longer
        }
        return text
    }

    private static func time(_ time: Timestamp?) -> String {
        guard let time else { return "" }
        return Date(timeIntervalSince1970: Double(time.milliseconds / 1_000)).formatted(.iso8601)
    }

    private static func json(_ body: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(body))
    }
}
