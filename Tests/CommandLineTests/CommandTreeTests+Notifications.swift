/// The commands about notifications.
extension CommandTreeTests {
    private static let channels = "/platform/organizations/default/notifications/channels"
    private static let deliveries = "/platform/organizations/default/notifications/deliveries"
    private static let channel =
        #"{"id": "c-1", "name": "team", "kind": "webhook", "enabled": true, "target": "https://h.example", "#
        + #""priority": "warning", "grouping_seconds": 0, "failures": 0, "secret": "whsec_once"}"#
    private static let delivery =
        #"{"id": 8, "message_id": "m-1", "channel_id": "c-1", "state": "delivered", "event": "channel.test", "#
        + #""phase": "notice", "title": "A trial", "attempts": 1, "answer": "204", "created_at": "2026-01-01T00:00:00Z"}"#

    static let notificationAnswers: [String: String] = [
        "GET \(channels)": "[\(channel)]", "POST \(channels)": channel, "PATCH \(channels)/c-1": channel,
        "DELETE \(channels)/c-1": channel, "POST \(channels)/c-1/test": delivery,
        "GET \(deliveries)": "[\(delivery)]", "POST \(deliveries)/8/replay": delivery,
    ]

    static let notificationForms: [Form] = [
        Form(
            words: ["notifications", "channels", "list"],
            text: "team  webhook  https://h.example  warning and above  on",
            keys: ["id", "name", "kind", "target"]),
        Form(
            words: [
                "notifications", "channels", "create", "webhook", "team", "--url-stdin", "--quiet", "22:00-06:00",
                "--event", "backup.failed",
            ], input: "https://h.example/x\n", text: "shown once: whsec_once", keys: ["id", "secret"],
            change: ("POST \(channels)", #""url":"https:\/\/h.example\/x""#)),
        Form(
            words: ["notifications", "channels", "update", "c-1", "--disable-messages", "--rotate-secret"],
            text: "Changed the channel team", keys: ["id"], change: ("PATCH \(channels)/c-1", #""enabled":false"#)),
        Form(
            words: ["notifications", "channels", "delete", "c-1"], text: "Removed the channel team", keys: ["id"],
            change: ("DELETE \(channels)/c-1", "")),
        Form(
            words: ["notifications", "channels", "test", "c-1"], text: "took the message: 204", keys: ["id", "state"],
            change: ("POST \(channels)/c-1/test", "")),
        Form(
            words: ["notifications", "deliveries", "list"], text: "8   delivered", keys: ["id", "message_id", "state"]),
        Form(
            words: ["notifications", "deliveries", "replay", "8"], text: "Delivery 8 waits", keys: ["id"],
            change: ("POST \(deliveries)/8/replay", "")),
    ]
}
