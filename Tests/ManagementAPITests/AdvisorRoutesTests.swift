import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import ProjectData

@Suite("Advice about a project's database")
struct AdvisorRoutesTests {
    private static let row = """
        [{"lint":"unindexed_foreign_keys","schema":"public","name":"t","subject":"t_fkey","list":null,"columns":[2]}]
        """

    private static func paths(_ ref: ProjectRef) -> [String] {
        [
            "/v1/projects/\(ref)/advisors/security", "/v1/projects/\(ref)/advisors/performance",
            "/platform/projects/\(ref)/run-lints",
        ]
    }

    @Test("findings have the documented form, and say when they were made")
    func findings() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            host.databases.setAnswer { _ in QueryAnswer(json: Array(Self.row.utf8), rowCount: 1) }
            let answer = try await host.send("GET", "/v1/projects/\(ref)/advisors/performance?lint_type=sql").json
            let lint = answer["lints"]?[0]
            #expect(lint?["name"] == .string("unindexed_foreign_keys"))
            #expect(lint?["level"] == .string("INFO"))
            #expect(lint?["categories"] == .array([.string("PERFORMANCE")]))
            #expect(lint?["cache_key"] == .string("unindexed_foreign_keys_public_t_t_fkey"))
            #expect(lint?["metadata"]?["fkey_columns"] == .array([.number(2)]))
            #expect(answer["is_complete"] == .bool(true))
            #expect(answer["checked_at"]?.text?.isEmpty == false)
            #expect(try await host.send("GET", "/platform/projects/\(ref)/run-lints").json[0]?["name"] == lint?["name"])
            let query = try #require(host.databases.calls.last?.query)
            #expect(query.isReadOnly)
            #expect(DatabaseLint.allCases.allSatisfy { query.sql.contains("'\($0.rawValue)'") })
        }
    }

    @Test("a database that was not checked is never green")
    func silence() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for path in Self.paths(ref) {
                try await host.set(.active, of: ref)
                host.databases.setAnswer { _ throws(ProjectDatabaseError) in throw .unreachable("no route to it") }
                #expect(try await host.send("GET", path).status == 503, "\(path)")
                host.databases.setAnswer { _ in QueryAnswer(json: Array("nonsense".utf8), rowCount: 0) }
                #expect(try await host.send("GET", path).status == 503, "\(path)")
                try await host.set(.paused, of: ref)
                #expect(try await host.send("GET", path).status == 400, "\(path)")
            }
        }
    }

    @Test("more findings than an answer holds are cut, and the answer says so")
    func cut() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.set(.active, of: ref)
            let rows = (0...LintQuery.findingsMax).map {
                #"{"lint":"no_primary_key","schema":"public","name":"t\#($0)","subject":null,"list":null,"columns":null}"#
            }
            host.databases.setAnswer { _ in
                QueryAnswer(json: Array("[\(rows.joined(separator: ","))]".utf8), rowCount: rows.count)
            }
            let answer = try await host.send("GET", "/v1/projects/\(ref)/advisors/performance").json
            #expect(answer["lints"]?.count == LintQuery.findingsMax)
            #expect(answer["is_complete"] == .bool(false))
        }
    }
}
