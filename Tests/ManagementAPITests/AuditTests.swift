import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Audit routes")
struct AuditTests {
    private static let path = "/platform/organizations/default/audit"

    @Test("an organization's trail has Studio's two forms and all that the chain of hashes is checked with")
    func organization() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            _ = try await host.send(
                "POST", "/platform/projects/\(ref)/pause", token: Person.administrator.token,
                headers: [("X-Request-Id", "from-the-test")])
            let json = try await host.send("GET", Self.path).json
            #expect(json["result"]?.count == 2)
            let row = try #require(json["result"]?[0])
            #expect(row["action"]?["name"] == .string("project.pause"))
            #expect(row["action"]?["method"] == .string("POST"))
            #expect(row["action"]?["metadata"]?[0]?["route"] == .string("/platform/projects/{ref}/pause"))
            #expect(row["action"]?["metadata"]?[0]?["status"] == .number(201))
            #expect(row["actor"]?["email"] == .string("administrator@example.com"))
            #expect(row["actor"]?["metadata"]?[0]?["ip"] == .string("127.0.0.1"))
            #expect(row["target"]?["metadata"]?["project_ref"] == .string(ref.text))
            #expect(row["target"]?["metadata"]?["org_slug"] == .string("default"))
            #expect(row["request_id"] == .string("from-the-test"))
            #expect(row["before"] == .object(["status": .string("ACTIVE")]))
            #expect(row["occurred_at"]?.isTimestamp == true)
            let entries = try await host.ledger.trail(AuditQuery(scope: .organization("default")))
            #expect(row["hash"]?.text == entries[0].hash)
            #expect(row["previous_hash"]?.text == entries[1].hash)
            #expect(row["canonical"]?.text == entries[0].deed.canonical(number: 2))
            #expect(row["timestamp"] == .number(Double(entries[0].deed.at.milliseconds * 1_000)))
        }
    }

    @Test("the end of a trail comes with what its signature is worth", arguments: AuditSignature.allCases)
    func end(signature: AuditSignature) async throws {
        try await APIHost.run { host in
            _ = try await host.create()
            host.ledger.setSignature(signature)
            let head = try await host.send("GET", "\(Self.path)?after=1").json["head"]
            #expect(head?["number"] == .number(1))
            #expect(head?["signature"] == .string(signature.rawValue))
        }
    }

    @Test("pages, limits and times cut the trail; what is no time or number is 400")
    func query() async throws {
        try await APIHost.run { host in
            for number in 1...5 { _ = try await host.create("p\(number)") }
            func numbers(_ query: String) async throws -> [JSONValue] {
                try await host.send("GET", "\(Self.path)?\(query)").json["result"]?.all("number") ?? []
            }
            #expect(try await numbers("limit=2") == [.number(5), .number(4)])
            #expect(try await numbers("limit=2&before=4") == [.number(3), .number(2)])
            #expect(try await numbers("before=1") == [])
            #expect(try await numbers("iso_timestamp_start=2199-01-01T00:00:00Z") == [])
            #expect(try await numbers("iso_timestamp_end=2001-01-01T00:00:00.000Z") == [])
            #expect(
                try await numbers(
                    "iso_timestamp_start=2001-01-01T00:00:00%2B01:00&iso_timestamp_end=2199-01-01T00:00:00Z"
                ).count == 5)
            for query in ["limit=0", "limit=1001", "before=0", "before=x", "iso_timestamp_start=yesterday"] {
                #expect(try await host.send("GET", "\(Self.path)?\(query)").status == 400, "\(query)")
            }
        }
    }

    @Test("an account's trail is its own; an organization's is for those who may read it")
    func access() async throws {
        try await APIHost.run { host in
            _ = try await host.send("PATCH", "/platform/profile", body: #"{"first_name":"Ada"}"#)
            let own = try await host.send("GET", "/platform/profile/audit").json
            #expect(own["result"]?.count == 1)
            #expect(own["result"]?[0]?["action"]?["name"] == .string("account.update"))
            #expect(own["result"]?[0]?.keys.contains("organization_slug") == false)
            let others = try await host.send("GET", "/platform/profile/audit", token: Person.developer.token).json
            #expect(others["result"] == .array([]))
            for (person, status) in [
                (Person.owner, 200), (.administrator, 200), (.developer, 403), (.readOnly, 403), (.stranger, 404),
            ] {
                #expect(try await host.send("GET", Self.path, token: person.token).status == status)
            }
        }
    }

    @Test(
        "times are read as they are written",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1),
            ("2026-01-01T00:00:00.250Z", 1_767_225_600_250),
            ("1970-01-01T01:00:00+01:00", 0),
        ])
    func times(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(
        "what is no time is none",
        arguments: [
            "", "now", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "1970-01-01T00:00:00Zx",
            "1970-01-01T00:00:00Z+01:00", "1970-01-01 00:00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T25:00:00Z",
            String(repeating: "1", count: 100_000),
        ])
    func noTimes(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test("every time that is written is read as the same")
    func roundTrip() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            let time = Timestamp(milliseconds: Int64(generator.next() % 4_000_000_000_000))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }
}
