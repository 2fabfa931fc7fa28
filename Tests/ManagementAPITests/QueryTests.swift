import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import ProjectData

@Suite("SQL")
struct QueryTests {
    private static let rows = #"[{"id":1,"name":"a"}]"#

    @Test("rows come as a bare list, from the project's own database, as its owner")
    func rows() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.databases.setAnswer { _ in QueryAnswer(json: Array(Self.rows.utf8), rowCount: 1) }
            let parameters = #"["x",1,1.5,true,null,[1],{"b":1}]"#
            let body = #"{"query":"select $1","parameters":\#(parameters),"disable_statement_timeout":true}"#
            for path in ["/platform/pg-meta/\(ref)/query?key=tables", "/v1/projects/\(ref)/database/query"] {
                let answer = try await host.send(
                    "POST", path, body: body, headers: [("x-pg-application-name", "editor")])
                #expect(answer.status == 201)
                #expect(answer.text == Self.rows)
            }
            let call = try #require(host.databases.calls.last)
            let port = try await host.store.project(ref)?.leases?.ports["DB_PORT"]
            #expect(call.target.port == port)
            #expect(call.target.user == "postgres")
            #expect(call.target.password.reveal() == "Str0ng-pass-word")
            #expect(call.query.applicationName == "editor")
            #expect(call.query.disablesStatementTimeout)
            #expect(!call.query.isReadOnly)
            #expect(
                call.query.parameters == [
                    .string("x"), .number("1"), .number("1.5"), .bool(true), .null, .array([.number("1")]),
                    .json(#"{"b":1}"#),
                ])
        }
    }

    @Test("read-only callers run read-only: always in Studio's form, on demand in the other")
    func readOnly() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let token = Person.readOnly.token
            let v1 = "/v1/projects/\(ref)/database/query"
            let cases: [(String, String, String, Int, Bool)] = [
                ("/platform/pg-meta/\(ref)/query", #"{"query":"drop table t"}"#, token, 201, true),
                (v1, #"{"query":"select 1"}"#, token, 403, true),
                (v1, #"{"query":"select 1","read_only":true}"#, token, 201, true),
                (v1, #"{"query":"select 1","read_only":true}"#, APIHost.token, 201, true),
                ("\(v1)/read-only", #"{"query":"select 1"}"#, APIHost.token, 201, true),
                (v1, #"{"query":"select 1","read_only":false}"#, Person.developer.token, 201, false),
            ]
            for (path, body, token, status, isReadOnly) in cases {
                let before = host.databases.calls.count
                #expect(try await host.send("POST", path, body: body, token: token).status == status, "\(path) \(body)")
                let calls = host.databases.calls.dropFirst(before)
                #expect(calls.count == (status == 201 ? 1 : 0))
                #expect(calls.allSatisfy { $0.query.isReadOnly == isReadOnly })
                // Who may not write reads the users' schemas alone.
                #expect(calls.allSatisfy { $0.query.isRestricted == (token == Person.readOnly.token) })
            }
        }
    }

    @Test("what PostgreSQL refuses is 400 with its whole report")
    func failure() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.databases.setAnswer { _ throws(ProjectDatabaseError) in
                var failure = QueryFailure(message: "relation \"x\" does not exist", code: "42P01")
                failure.position = 15
                failure.format(sql: "select * from x")
                throw .query(failure)
            }
            let answer = try await host.send(
                "POST", "/platform/pg-meta/\(ref)/query", body: #"{"query":"select * from x"}"#)
            #expect(answer.status == 400)
            #expect(try answer.json["message"] == .string("relation \"x\" does not exist"))
            #expect(try answer.json["code"] == .string("42P01"))
            #expect(try answer.json["formattedError"]?.text?.contains("LINE 1: select * from x") == true)
        }
    }

    @Test("other failures have a status and a message, and 503 says when to try again")
    func otherFailures() async throws {
        let cases: [(ProjectDatabaseError, Int)] = [
            (.unreachable("the database of project x cannot be reached"), 503), (.busy, 503), (.cancelled, 503),
            (.timedOut(.seconds(58)), 400), (.tooManyRows(limit: 5), 400), (.tooLarge(limitBytes: 5), 400),
            (.invalid("no"), 400),
        ]
        try await APIHost.run { host in
            let ref = try await host.create()
            for (error, status) in cases {
                host.databases.setAnswer { _ throws(ProjectDatabaseError) in throw error }
                let answer = try await host.send(
                    "POST", "/platform/pg-meta/\(ref)/query", body: #"{"query":"select 1"}"#)
                #expect(answer.status == status, "\(error)")
                #expect(try answer.message?.isEmpty == false)
                #expect((answer.header("Retry-After") != nil) == (status == 503))
            }
            let message = APIError(ProjectDatabaseError.timedOut(.seconds(58))).message
            #expect(message.contains("canceling statement due to statement timeout"))
        }
    }

    @Test(
        "a project whose services do not run is not asked",
        arguments: [ProjectStatus.paused, .pausing, .failed, .rollingBack, .deleting])
    func notRunning(status: ProjectStatus) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: status)
            let answer = try await host.send(
                "POST", "/platform/pg-meta/\(ref)/query", body: #"{"query":"select 1"}"#)
            #expect(answer.status == 400)
            #expect(try answer.message?.contains("\(ref)") == true)
            #expect(host.databases.calls.isEmpty)
        }
    }

    @Test("the trail names the kind of a statement and never its text")
    func audit() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            _ = try await host.send(
                "POST", "/platform/pg-meta/\(ref)/query", body: #"{"query":"alter role a password 'hunter2'"}"#)
            let deed = try #require(host.ledger.entries.last?.deed)
            #expect(deed.action == "database.query")
            #expect(deed.target["statement"] == "alter, 31 bytes")
            #expect(!"\(host.ledger.entries)".contains("hunter2"))
            _ = try await host.send(
                "POST", "/v1/projects/\(ref)/database/query/read-only", body: #"{"query":"select 1"}"#)
            #expect(host.ledger.entries.last?.deed == deed)
        }
    }

    @Test(
        "a statement's first word is found behind comments, and only known words are recorded",
        arguments: [
            ("select 1", "select, 8 bytes"), ("  -- who\n/* a /* b */ c */ (SELECT 1)", "select, 37 bytes"),
            ("hunter2", "other, 7 bytes"), ("", "other, 0 bytes"), ("-- only", "other, 7 bytes"),
            ("/* never closed", "other, 15 bytes"), (";;\n DROP table x", "drop, 16 bytes"), ("é", "other, 2 bytes"),
        ])
    func summary(sql: String, words: String) { #expect(StatementSummary.of(sql) == words) }

    @Test(
        "a body without a query, or of another form, is 400",
        arguments: [
            "", "[]", #"{"query":""}"#, #"{"query":1}"#, #"{"query":"select 1","parameters":{}}"#, "{}",
        ])
    func badBody(body: String) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            #expect(try await host.send("POST", "/platform/pg-meta/\(ref)/query", body: body).status == 400)
            #expect(host.databases.calls.isEmpty)
        }
    }
}
