import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import ProjectData

@Suite("Migrations, login roles and webhooks")
struct MigrationRoutesTests {
    private static func rows(_ text: String, _ count: Int = 1) -> QueryAnswer {
        QueryAnswer(json: Array(text.utf8), rowCount: count)
    }

    @Test("the history is listed without what is null; a project without one has an empty list")
    func list() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/database/migrations"
            host.databases.setAnswer { _ in
                Self.rows(#"[{"version":"1","name":"first"},{"version":"2","name":null}]"#, 2)
            }
            let list = try await host.send("GET", path)
            #expect(
                try list.json
                    == .array([
                        .object(["version": .string("1"), "name": .string("first")]),
                        .object(["version": .string("2")]),
                    ]))
            host.databases.setAnswer { _ throws(ProjectDatabaseError) in
                throw .query(QueryFailure(message: "no such table", code: "42P01"))
            }
            #expect(try await host.send("GET", path).json == .array([]))
            #expect(try await host.send("GET", "\(path)/1").status == 404)
            host.databases.setAnswer { _ throws(ProjectDatabaseError) in
                throw .query(QueryFailure(message: "denied", code: "42501"))
            }
            #expect(try await host.send("GET", path).status == 400)
        }
    }

    @Test("one migration comes with its statements")
    func read() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/database/migrations"
            host.databases.setAnswer { _ in
                Self.rows(
                    #"[{"version":"7","name":null,"statements":["select 1"],"rollback":null,"#
                        + #""created_by":"a@example.com","idempotency_key":null}]"#)
            }
            let answer = try await host.send("GET", "\(path)/7")
            #expect(try answer.json.keys == ["version", "statements", "created_by"])
            #expect(try await host.send("GET", "\(path)/seven").status == 404)
        }
    }

    @Test("applying, recording, editing and rolling back answer 200 without a body and leave a trail without SQL")
    func changes() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/database/migrations"
            host.databases.setAnswer { _ in Self.rows(#"[{"version":"7"}]"#) }
            let body = #"{"query":"create table t (a text default 'hunter2')","name":"one","rollback":"drop table t"}"#
            let calls: [(String, String, String, String)] = [
                ("POST", path, body, "database.migration.apply"), ("PUT", path, body, "database.migration.record"),
                ("PATCH", "\(path)/7", #"{"name":"two"}"#, "database.migration.edit"),
                ("DELETE", "\(path)?gte=7", "", "database.migration.rollback"),
            ]
            for (method, path, body, action) in calls {
                let answer = try await host.send(method, path, body: body)
                #expect(answer.status == 200, "\(action)")
                #expect(answer.body.isEmpty)
                #expect(host.ledger.entries.last?.deed.action == action)
            }
            let apply = try #require(host.databases.calls.first?.query.sql)
            #expect(apply.contains("create table t"))
            #expect(apply.contains("owner@example.com"))
            #expect(!"\(host.ledger.entries)".contains("hunter2"))
            for (method, path, body) in [
                ("POST", path, "{}"), ("POST", path, #"{"query":""}"#), ("DELETE", path, ""),
                ("DELETE", "\(path)?gte=x", ""), ("PATCH", "\(path)/7", "[]"),
            ] {
                #expect(try await host.send(method, path, body: body).status == 400, "\(method) \(body)")
            }
        }
    }

    @Test("editing a migration that is not on record is 404; a migration that fails is 400 with the report")
    func failures() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/database/migrations"
            host.databases.setAnswer { _ in Self.rows("[]", 0) }
            #expect(try await host.send("PATCH", "\(path)/7", body: #"{"name":"two"}"#).status == 404)
            host.databases.setAnswer { _ throws(ProjectDatabaseError) in
                throw .query(QueryFailure(message: "syntax error", code: "42601"))
            }
            let answer = try await host.send("POST", path, body: #"{"query":"selec"}"#)
            #expect(answer.status == 400)
            #expect(try answer.json["code"] == .string("42601"))
        }
    }

    @Test("a version is the time in UTC")
    func version() {
        #expect(Timestamp(milliseconds: 1_767_225_599_999).migrationVersion == "20251231235959")
    }

    @Test("a login role is made by the administrator, with a password that only its answer holds")
    func loginRole() async throws {
        try await APIHost.run { host in
            let path = "/v1/projects/\(try await host.create())/cli/login-role"
            for (isReadOnly, role) in [(false, "cli_login_postgres"), (true, "cli_login_supabase_read_only_user")] {
                let answer = try await host.send("POST", path, body: #"{"read_only":\#(isReadOnly)}"#)
                #expect(answer.status == 201)
                #expect(try answer.json["role"] == .string(role))
                #expect(try answer.json["ttl_seconds"] == .number(3_600))
                let password = try #require(try answer.json["password"]?.text)
                #expect(password.count == 32)
                let call = try #require(host.databases.calls.last)
                #expect(call.target.user == "supabase_admin")
                #expect(call.query.sql.contains(try PlainKeyMinter().digest(Secret(password))))
                #expect(!call.query.sql.contains(password))
                #expect(call.query.isConfidential)
                #expect(!"\(host.ledger.entries)".contains(password))
            }
            #expect(try await host.send("POST", path, body: "{}").status == 400)
            let gone = try await host.send("DELETE", path)
            #expect(try gone.json == .object(["message": .string("ok")]))
            #expect(
                try await host.send("POST", path, body: #"{"read_only":true}"#, token: Person.readOnly.token).status
                    == 403)
        }
    }

    @Test("webhooks are turned on where the template's parts are, and refused where they are not")
    func webhooks() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for path in ["/v1/projects/\(ref)/database/webhooks/enable", "/platform/database/\(ref)/hook-enable"] {
                host.databases.setAnswer { _ in Self.rows(#"[{"function":true,"network":true}]"#) }
                #expect(try await host.send("POST", path).status == 201)
                #expect(host.databases.calls.last?.query.sql.contains("create extension") == true)
                host.databases.setAnswer { _ in Self.rows(#"[{"function":false,"network":true}]"#) }
                #expect(try await host.send("POST", path).status == 403)
            }
        }
    }
}
