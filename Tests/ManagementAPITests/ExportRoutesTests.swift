import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Projects

/// `/platform/projects/{ref}/compose`: masked for readers, in the clear for those who may change the project.
@Suite("Exports of projects")
struct ExportRoutesTests {
    private func path(_ ref: ProjectRef) -> String { "/platform/projects/\(ref)/compose" }

    @Test("values and files are masked unless they are asked for")
    func masked() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let before = host.ledger.entries.count
            let json = try await host.send("GET", path(ref)).json
            #expect(json["ref"] == .string(ref.text))
            #expect(json["compose"]?.text?.contains("${PASSWORD}") == true)
            guard case .array(let variables)? = json["environment"], case .array(let files)? = json["files"] else {
                Issue.record("not an export: \(json)")
                return
            }
            #expect(!variables.isEmpty && variables.allSatisfy { $0["value"] == .string(ProjectExport.masked) })
            #expect(!files.isEmpty && files.allSatisfy { $0["content"] == .null })
            #expect(host.ledger.entries.count == before)
            let clear = try await host.send("GET", path(ref) + "?reveal=true").json
            let entry = try await host.ledger.trail(AuditQuery(scope: .organization("default"), limit: 1)).first
            #expect(host.ledger.entries.count == before + 1 && entry?.deed.action == "project.export")
            guard case .array(let revealed)? = clear["environment"] else {
                Issue.record("not an export: \(clear)")
                return
            }
            #expect(revealed.count == variables.count)
            #expect(revealed.allSatisfy { $0["value"] != .string(ProjectExport.masked) })
        }
    }

    @Test("a read-only role sees no value, a non-member sees nothing")
    func rights() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let token = Person.readOnly.token
            #expect(try await host.send("GET", path(ref), token: token).status == 200)
            #expect(try await host.send("GET", path(ref) + "?reveal=true", token: token).status == 403)
            #expect(try await host.send("GET", path(ref) + "?reveal=perhaps").status == 400)
            #expect(try await host.send("GET", path(ref) + "?reveal=true", token: Person.stranger.token).status == 404)
        }
    }
}
