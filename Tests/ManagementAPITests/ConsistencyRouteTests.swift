import ConsistencyModel
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

extension ConsistencyReport {
    /// A report that tests serve.
    static let sample = ConsistencyReport(
        at: Timestamp(milliseconds: 1_800_000_000_000),
        findings: [
            ConsistencyFinding(
                "containers.running", .error, project: .sample(1), service: .db, subject: "x-db-1",
                found: "the container x-db-1 does not run", advice: "see its log"),
            ConsistencyFinding("disk.space", .ok, found: "there is room on the disks"),
        ])
}

@Suite("The check of the installation")
struct ConsistencyRouteTests {
    private static let path = "/platform/debug/consistency"

    @Test("the answer names every finding with what it is about and what to do, and changes nothing")
    func answer() async throws {
        try await APIHost.run { host in
            let answer = try await host.send("POST", Self.path)
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["severity"] == .string("error"))
            #expect(json["checked_at"]?.isTimestamp == true)
            let finding = try #require(json["findings"]?[0])
            #expect(finding["id"] == .string("containers.running") && finding["severity"] == .string("error"))
            #expect(finding["project_ref"] == .string(ProjectRef.sample(1).text))
            #expect(finding["service"] == .string("db") && finding["advice"] == .string("see its log"))
            #expect(json["findings"]?[1]?["project_ref"] == .null)
            #expect(host.ledger.entries.isEmpty)
        }
    }

    @Test("it is for those who administer the first organization")
    func access() async throws {
        try await APIHost.run { host in
            for (person, status) in [
                (Person.owner, 200), (.developer, 403), (.readOnly, 403), (.stranger, 404),
            ] {
                let answer = try await host.send("POST", Self.path, token: person.token)
                #expect(answer.status == status, "\(person)")
            }
            #expect(try await host.send("POST", Self.path, token: nil).status == 401)
        }
    }
}
