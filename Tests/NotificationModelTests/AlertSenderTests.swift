import Clients
import CurlKit
import Foundation
import HTTPStub
import NotificationModel
import NotificationSenders
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing
import TokenKit

/// Messages to real servers on this host.
@Suite("Sinks")
struct AlertSenderTests {
    private let message = AlertMessage(
        id: "0a0a0a0a-0000-4000-8000-000000000001", installation: "https://manager.example", organizationSlug: "acme",
        alerts: [
            Alert(
                key: "k", rule: .unhealthy, phase: .problem,
                subject: AlertSubject(organizationSlug: "acme", ref: .sample(1), name: "<shop> & *co*"),
                title: "Project <shop> & *co* is unhealthy", text: "Service db: @everyone `x`",
                at: Timestamp(milliseconds: 1_800_000_000_000))
        ], sentAt: Timestamp(milliseconds: 1_800_000_001_000))
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="

    private func sending(
        to target: ChannelTarget, allowed: [String] = ["127.0.0.0/8"], message: AlertMessage? = nil
    ) async throws -> SendOutcome {
        let http = try HTTPClient(limits: CurlAlertSender.limits)
        let sender = CurlAlertSender(
            http: http, policy: OutboundPolicy(allowed: allowed.compactMap { AddressBlock($0) }))
        let outcome = await sender.send(message ?? self.message, to: target)
        await http.shutdown()
        return outcome
    }

    private func webhook(_ port: Int, host: String = "127.0.0.1") -> ChannelTarget {
        .webhook(.init(url: Secret("http://\(host):\(port)/hook"), secrets: [Secret(Self.secret)]))
    }

    @Test("a webhook gets the event, signed with its id and its time, the same bytes at every attempt")
    func signed() async throws {
        let stub = try StubServer(.loopback) { _ in [.response(204)] }
        defer { stub.stop() }
        var later = message
        later.sentAt = Timestamp(milliseconds: 1_800_000_900_000)
        #expect(try await sending(to: webhook(stub.port)) == .delivered("204"))
        #expect(try await sending(to: webhook(stub.port), message: later) == .delivered("204"))
        let requests = stub.requests
        #expect(requests.count == 2 && requests.allSatisfy { $0.method == "POST" && $0.path == "/hook" })
        #expect(requests.first?.body == requests.last?.body)
        let first = try #require(requests.first)
        #expect(first.headers["webhook-id"] == message.id)
        #expect(first.headers["webhook-timestamp"] == "1800000001")
        let key = try #require(ChannelTarget.WebhookTarget.key(of: Secret(Self.secret)))
        #expect(first.headers["webhook-signature"] == (try signature(first.body, at: 1_800_000_001, key)))
        #expect(requests.last?.headers["webhook-signature"] == (try signature(first.body, at: 1_800_000_900, key)))
        for part in [
            #""type":"project.unhealthy""#, #""timestamp":"2027-01-15T08:00:00Z""#, #""phase":"problem""#,
            #""link":"https://manager.example/dashboard/projects/\#(ProjectRef.sample(1))""#,
        ] { #expect(first.bodyText.contains(part), "\(first.bodyText)") }
    }

    private func signature(_ body: [UInt8], at seconds: Int64, _ key: [UInt8]) throws -> String {
        let bytes = Array("\(message.id).\(seconds).".utf8) + body
        let tag = try Digest.hmacSHA256(bytes, key: KeyBytes(key))
        return "v1," + Base64.encode(tag)
    }

    @Test("Slack and Discord get text in which nothing of a project's name is a mark")
    func chats() async throws {
        let stub = try StubServer(.loopback) { _ in [.response(200, "ok")] }
        defer { stub.stop() }
        let url = Secret("http://127.0.0.1:\(stub.port)/services/T/B/x")
        #expect(try await sending(to: .slack(url)) == .delivered("200"))
        #expect(try await sending(to: .discord(url)) == .delivered("200"))
        let (slack, discord) = (stub.requests[0].bodyText, stub.requests[1].bodyText)
        #expect(slack.contains("&lt;shop&gt; &amp; ") && !slack.contains("<shop>"))
        #expect(discord.contains(#""allowed_mentions":{"parse":[]}"#) && discord.contains(#"\\<shop"#) == false)
        #expect(discord.contains(#"\\*co\\*"#) && discord.contains(#"\\`x\\`"#))
    }

    @Test("a long digest stays within what the chats take")
    func digest() async throws {
        let stub = try StubServer(.loopback) { _ in [.response(200, "ok")] }
        defer { stub.stop() }
        var long = message
        let one = Alert(
            key: "k", rule: .unhealthy, phase: .problem, subject: long.alerts[0].subject,
            title: String(repeating: "<", count: 200), text: String(repeating: "*", count: 1_000), at: long.sentAt)
        long.alerts = Array(repeating: one, count: 20)
        let url = Secret("http://127.0.0.1:\(stub.port)/x")
        for target in [ChannelTarget.slack(url), .discord(url)] {
            #expect(try await sending(to: target, message: long) == .delivered("200"))
        }
        #expect(stub.requests[0].bodyText.unicodeScalars.count < 5_000)
        #expect(stub.requests[1].bodyText.unicodeScalars.count < 4_500)
    }

    @Test(
        "what an answer means",
        arguments: [
            (200, "", "delivered"), (302, "Location: http://127.0.0.1:1/", "refused"), (400, "", "refused"),
            (404, "", "refused"), (410, "", "refused"), (429, "Retry-After: 7", "later 7"), (500, "", "later"),
            (503, "Retry-After: x", "later"), (408, "", "later"),
        ])
    func answers(status: Int, header: String, wanted: String) async throws {
        let stub = try StubServer(.loopback) { _ in
            [.response(status, "secret words", headers: header.isEmpty ? [] : [header])]
        }
        defer { stub.stop() }
        let outcome = try await sending(to: webhook(stub.port))
        let found: String
        switch outcome {
        case .delivered: found = "delivered"
        case .refused: found = "refused"
        case .unavailable(_, let after): found = after.map { "later \($0.components.seconds)" } ?? "later"
        }
        #expect(found == wanted)
        // No redirect was followed, and nothing that the sink says is kept.
        #expect(stub.requests.count == 1 && !"\(outcome)".contains("secret words"))
    }

    @Test(
        "no message goes to this host, to private networks or to a metadata service, however its address is written",
        arguments: [
            "127.0.0.1", "localhost", "2130706433", "0x7f.1", "0", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254",
            "[fd00:ec2::254]", "10.0.0.1", "192.168.1.1",
        ])
    func refused(host: String) async throws {
        let stub = try StubServer(.loopback) { _ in [.response(200)] }
        defer { stub.stop() }
        let outcome = try await sending(to: webhook(stub.port, host: host), allowed: [])
        guard case .refused(let words) = outcome else {
            Issue.record("\(host): \(outcome)")
            return
        }
        #expect(words.contains("not allowed"), "\(words)")
        #expect(stub.requests.isEmpty)
        let mail = ChannelTarget.email(
            .init(
                host: host.filter { !"[]".contains($0) }, port: stub.port, user: nil, password: nil,
                sender: "a@b.example",
                recipients: ["c@d.example"]))
        guard case .unavailable(let reason, _) = try await sending(to: mail, allowed: []) else {
            Issue.record("\(host) got a mail")
            return
        }
        #expect(reason.contains("not allowed"), "\(reason)")
    }

    @Test("an answer without end is cut off, and does not count as taken")
    func bounded() async throws {
        let stub = try StubServer(.loopback) { _ in [.head(200), .fill(bytes: 1 << 20), .close] }
        defer { stub.stop() }
        guard case .refused = try await sending(to: webhook(stub.port)) else {
            Issue.record("it was taken")
            return
        }
    }

    @Test("a mail has a head that mail programs understand, for all recipients at once")
    func mail() async throws {
        let sink = try MailSink()
        defer { sink.stop() }
        let target = ChannelTarget.email(
            .init(
                host: "127.0.0.1", port: sink.port, user: nil, password: nil, sender: "manager@example.com",
                recipients: ["a@example.com", "b@example.com"]))
        #expect(try await sending(to: target) == .delivered("the mail server took it"))
        let mail = try #require(sink.mails.first)
        #expect(sink.mails.count == 1)
        #expect(mail.sender == "manager@example.com" && mail.recipients == ["a@example.com", "b@example.com"])
        for line in [
            "From: SupaManager <manager@example.com>", "To: <a@example.com>,", "Date: Fri, 15 Jan 2027 08:00:01 +0000",
            "Message-ID: <\(message.id)@example.com>", "Auto-Submitted: auto-generated",
            "Content-Type: text/plain; charset=UTF-8",
        ] { #expect(mail.text.contains(line + "\r\n"), "\(mail.text)") }
        let body = mail.text.components(separatedBy: "\r\n\r\n").last ?? ""
        let decoded = Base64.decode(body.filter { $0 != "\r\n" && !$0.isNewline }).map {
            String(decoding: $0, as: UTF8.self)
        }
        #expect(decoded?.contains("Service db: @everyone") == true)
    }

    @Test("what a mail server says for good is a refusal, what it says for now is none")
    func mailRefusals() async throws {
        for (answer, isFinal) in [("550 no such user", true), ("451 later", false)] {
            let sink = try MailSink(recipientAnswer: answer)
            defer { sink.stop() }
            let target = ChannelTarget.email(
                .init(
                    host: "127.0.0.1", port: sink.port, user: nil, password: nil, sender: "m@example.com",
                    recipients: ["a@example.com"]))
            switch try await sending(to: target) {
            case .refused: #expect(isFinal, "\(answer)")
            case .unavailable: #expect(!isFinal, "\(answer)")
            case .delivered: Issue.record("\(answer) was taken")
            }
            #expect(sink.mails.isEmpty)
        }
    }
}
