import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Dashboard
@testable import FeatureKit
@testable import ManagementAPI
@testable import NotificationModel

@Suite("Channels of notifications over the wire")
struct ChannelRoutesTests {
    private static let base = "/platform/organizations/default/notifications"

    @Test("a channel is added, read, changed and removed, and no answer, log or trail shows its address")
    func life() async throws {
        try await APIHost.run { host in
            let path = "\(Self.base)/channels"
            #expect(try await host.send("GET", path).json.items == [])
            let made = try await host.send("POST", path, body: ValidRequests.channelBody)
            let id = try #require(try made.json["id"]?.text)
            #expect(made.status == 201)
            #expect(try made.json["target"] == .string("https://hooks.example"))
            #expect(try made.json["projects"] == .null && made.json["priority"] == .string("info"))
            #expect(try made.json["secret"] == nil)
            let patch =
                #"{"name":"ops","events":["backup.failed"],"priority":"critical","quiet_from":"22:00","#
                + #""quiet_until":"06:30","grouping_seconds":60,"enabled":false}"#
            let changed = try await host.send("PATCH", "\(path)/\(id)", body: patch)
            #expect(changed.status == 200, "\(changed.text)")
            let read = try await host.send("GET", "\(path)/\(id)")
            #expect(try read.json["events"] == .array([.string("backup.failed")]))
            #expect(try read.json["quiet_until"] == .string("06:30") && read.json["grouping_seconds"] == .number(60))
            #expect(try await host.send("POST", "\(path)/\(id)/test").status == 409)
            let reset = try await host.send(
                "PATCH", "\(path)/\(id)",
                body: #"{"enabled":true,"events":null,"quiet_from":null,"quiet_until":null}"#)
            #expect(try reset.json["events"] == .null && reset.json["quiet_from"] == .null)
            let removed = try await host.send("DELETE", "\(path)/\(id)")
            #expect(removed.status == 200)
            #expect(try await host.send("GET", "\(path)/\(id)").status == 404)
            for answer in [made, changed, read, reset, removed] { #expect(!answer.text.contains("hidden-part")) }
            #expect(!host.log.lines.contains { $0.contains("hidden-part") })
            let entries = host.ledger.entries.map(\.deed).filter { $0.action.hasPrefix("notification") }
            #expect(
                entries.map(\.action) == [
                    "notification.channel.create", "notification.channel.update", "notification.channel.update",
                    "notification.channel.delete",
                ])
            #expect(entries.allSatisfy { $0.target["channel"] == id && $0.scope == .organization("default") })
            #expect(!"\(entries)".contains("hidden-part"))
        }
    }

    @Test("a webhook's secret is shown once, and the one before it signs beside a new one")
    func secrets() async throws {
        try await APIHost.run { host in
            let path = "\(Self.base)/channels"
            let made = try await host.send(
                "POST", path, body: #"{"kind":"webhook","name":"hook","url":"https://hooks.example/x"}"#)
            let id = try #require(try made.json["id"]?.text)
            let first = try #require(try made.json["secret"]?.text)
            #expect(first.hasPrefix("whsec_"))
            #expect(try await host.send("GET", "\(path)/\(id)").json["secret"] == nil)
            let rotated = try await host.send("PATCH", "\(path)/\(id)", body: #"{"rotate_secret":true}"#)
            let second = try #require(try rotated.json["secret"]?.text)
            #expect(second != first)
            let channel = try #require(try await host.parts.channels.channel(id, of: "default"))
            guard case .webhook(let target) = try ChannelSeal.plain.target(of: channel) else {
                Issue.record("no webhook")
                return
            }
            #expect(target.secrets == [Secret(second), Secret(first)])
        }
    }

    @Test(
        "what cannot be is refused",
        arguments: [
            #"{"name":"x"}"#, #"{"kind":"slack","name":"x"}"#, #"{"kind":"slack","name":"x","url":"http://a.example"}"#,
            #"{"kind":"fax","name":"x","url":"https://a.example"}"#, #"{"kind":"slack","url":"https://a.example"}"#,
            #"{"kind":"slack","name":"x","url":"https://a.example","events":["channel.test"]}"#,
            #"{"kind":"slack","name":"x","url":"https://a.example","projects":["nope"]}"#,
            #"{"kind":"slack","name":"x","url":"https://a.example","priority":"high"}"#,
            #"{"kind":"slack","name":"x","url":"https://a.example","quiet_from":"22:00"}"#,
            #"{"kind":"slack","name":"x","url":"https://a.example","quiet_from":"22:00","quiet_until":"24:00"}"#,
            #"{"kind":"slack","name":"x","url":"https://a.example","grouping_seconds":3601}"#,
            #"{"kind":"webhook","name":"x","url":"https://a.example","secret":"short"}"#,
            #"{"kind":"email","name":"x","smtp_host":"m.example","sender":"a@b.example","recipients":[]}"#,
            #"{"kind":"email","name":"x","smtp_host":"m.example","sender":"a@b.example","recipients":["a\r\nb@c"]}"#,
            #"{"kind":"email","name":"x","smtp_host":"m.example","smtp_user":"u","sender":"a@b.example","recipients":["c@d.example"]}"#,
        ])
    func refused(body: String) async throws {
        try await APIHost.run { host in
            let answer = try await host.send("POST", "\(Self.base)/channels", body: body)
            #expect(answer.status == 400, "\(body): \(answer.status) \(answer.text)")
            #expect(try await host.send("GET", "\(Self.base)/channels").json.items == [])
        }
    }

    @Test("a trial shows in the log how it went, and can be sent again")
    func deliveries() async throws {
        try await APIHost.run { host in
            let id = try await ValidRequests.delivered(host)
            let list = try await host.send("GET", "\(Self.base)/deliveries?state=delivered")
            let row = try #require(try list.json.items.first)
            #expect(row["event"] == .string("channel.test") && row["answer"] == .string("200"))
            #expect(try await host.send("GET", "\(Self.base)/deliveries?state=dead").json.items == [])
            #expect(try await host.send("GET", "\(Self.base)/deliveries?state=lost").status == 400)
            let again = try await host.send("POST", "\(Self.base)/deliveries/\(id)/replay")
            #expect(again.status == 202)
            #expect(try again.json["state"] == .string("waiting") && again.json["message_id"] == row["message_id"])
            #expect(try await host.send("POST", "\(Self.base)/deliveries/\(id)/replay").status == 404)
        }
    }

    @Test("one trial waits at a channel, and who signs in is for those who may read the audit trail")
    func bounds() async throws {
        try await APIHost.run { host in
            let made = try await host.send("POST", "\(Self.base)/channels", body: ValidRequests.channelBody)
            let id = try #require(try made.json["id"]?.text)
            #expect(try await host.send("POST", "\(Self.base)/channels/\(id)/test").status == 202)
            #expect(try await host.send("POST", "\(Self.base)/channels/\(id)/test").status == 409)
            let now = SystemTime().now()
            var change = AlertChange()
            change.alerts = [
                Alert(
                    key: "s", rule: .newSignIn, phase: .notice,
                    subject: AlertSubject(organizationSlug: "default", name: "ada@example.com"), title: "ada@x",
                    text: "x",
                    at: now)
            ]
            try await host.parts.channels.record(change, at: now)
            for (person, count) in [(Person.owner, 2), (.administrator, 2), (.developer, 1), (.readOnly, 1)] {
                let list = try await host.send("GET", "\(Self.base)/deliveries", token: person.token)
                #expect(try list.json.items.count == count && list.text.contains("ada@") == (count == 2), "\(person)")
            }
        }
    }

    @Test("the page adds, tries and removes channels, and shows what was sent")
    func page() async throws {
        try await APIHost.run { host in
            let browser = try await BrowserVisitor(host, as: .owner)
            let path = "/dashboard/organizations/default/notifications"
            #expect(try await browser.get("/dashboard/organizations/default").text.contains(path))
            #expect(try await browser.get(path).text.contains("There are none"))
            let added = try await browser.post(
                "\(path)/channels",
                ["kind": "slack", "name": "te<am", "url": "https://hooks.example/hidden-part", "priority": "warning"])
            #expect(added.status == 303)
            let hook = try await browser.post(
                "\(path)/channels",
                ["kind": "webhook", "name": "hook", "url": "https://hooks.example/hidden-part", "priority": "info"])
            #expect(hook.status == 200 && hook.text.contains("whsec_"))
            let bad = try await browser.post(
                "\(path)/channels", ["kind": "email", "name": "m", "priority": "info", "recipients": "nobody"])
            #expect(bad.status == 400 && bad.text.contains("role=\"alert\""))
            let channels = try await host.parts.channels.channels(of: "default")
            #expect(channels.map(\.name) == ["hook", "te<am"])
            let id = try #require(channels.last?.id)
            #expect(try await browser.post("\(path)/channels/\(id)/test").status == 303)
            let shown = try await browser.get(path).text
            #expect(shown.contains("A trial of the channel te&lt;am") && shown.contains("warning and above"))
            #expect(!shown.contains("whsec_") && !shown.contains("hidden-part"))
            #expect(try await browser.post("\(path)/channels/\(id)/switch", ["enabled": "false"]).status == 303)
            #expect(try await host.parts.channels.channel(id, of: "default")?.isEnabled == false)
            #expect(try await browser.post("\(path)/channels/\(id)/delete").status == 303)
            #expect(try await host.parts.channels.channels(of: "default").count == 1)
            let reader = try await BrowserVisitor(host, as: .readOnly)
            #expect(try await !reader.get(path).text.contains("Add a channel"))
            #expect(try await reader.post("\(path)/channels", ["kind": "slack"]).status == 403)
        }
    }
}
