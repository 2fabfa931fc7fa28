import HTTPTypes
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

/// A body that must be refused.
struct BadBody: Sendable, CustomTestStringConvertible {
    let body: String
    let status: Int
    /// A part of the message: the field, or what is wrong.
    let hint: String

    init(_ body: String, status: Int = 400, hint: String) {
        self.body = body
        self.status = status
        self.hint = hint
    }

    var testDescription: String { "\(body.prefix(80))" }

    private static func name(_ json: String) -> String { #"{"name":\#(json),"organization_slug":"default"}"# }
    private static func with(_ more: String) -> String { #"{"name":"demo","organization_slug":"default",\#(more)}"# }

    static let all: [BadBody] = [
        BadBody("", status: 400, hint: "empty"),
        BadBody("{", status: 400, hint: "not valid JSON"),
        BadBody(#"{"name":"x","organization_slug":"default"} x"#, status: 400, hint: "not valid JSON"),
        BadBody("name=demo", status: 400, hint: "not valid JSON"),
        BadBody("null", status: 400, hint: "the request body must be an object"),
        BadBody("[]", status: 400, hint: "the request body must be an object"),
        BadBody("\"demo\"", status: 400, hint: "the request body must be an object"),
        BadBody(String(repeating: "[", count: 60_000), status: 400, hint: "JSON"),
        BadBody("{}", status: 400, hint: "name is missing"),
        BadBody(name("\"\""), status: 400, hint: "name is empty"),
        BadBody(name("\" \""), status: 400, hint: "name"),
        BadBody(name("\"\(String(repeating: "n", count: 257))\""), status: 400, hint: "longer than 256"),
        BadBody(name(#""a\"b""#), status: 400, hint: "name"),
        BadBody(name(#""a'b""#), status: 400, hint: "name"),
        BadBody(name(#""a$(id)b""#), status: 400, hint: "name"),
        BadBody(name(#""a\nb""#), status: 400, hint: "name"),
        BadBody(name(#""a\u0000b""#), status: 400, hint: "name"),
        BadBody(name("\"proyecto-ñ\""), status: 400, hint: "name"),
        BadBody(name("\"日本\""), status: 400, hint: "name"),
        BadBody(name("\"a.b\""), status: 400, hint: "name"),
        BadBody(name("\"../../etc\""), status: 400, hint: "name"),
        BadBody(name("1"), status: 400, hint: "name must be a string"),
        BadBody(name("null"), status: 400, hint: "name must be a string"),
        BadBody(name("[\"demo\"]"), status: 400, hint: "name must be a string"),
        BadBody(#"{"name":"demo"}"#, status: 400, hint: "organization_slug is missing"),
        BadBody(#"{"name":"demo","organization_slug":"acme"}"#, status: 404, hint: "acme"),
        BadBody(#"{"name":"demo","organization_slug":""}"#, status: 404, hint: "organization"),
        BadBody(#"{"name":"demo","organization_slug":7}"#, status: 400, hint: "organization_slug must be a string"),
        BadBody(#"{"name":"demo","org_id":2}"#, status: 404, hint: "organization"),
        BadBody(#"{"name":"demo","org_id":1.5}"#, status: 404, hint: "organization"),
        BadBody(#"{"name":"demo","org_id":"1"}"#, status: 400, hint: "org_id must be a number"),
        BadBody(with(#""db_pass":"abc""#), status: 400, hint: "db_pass"),
        BadBody(with(#""db_pass":"\#(String(repeating: "p", count: 73))""#), status: 400, hint: "db_pass"),
        BadBody(with(#""db_pass":"with space""#), status: 400, hint: "db_pass"),
        BadBody(with(#""db_pass":"quote'quote""#), status: 400, hint: "db_pass"),
        BadBody(with(#""db_pass":1234"#), status: 400, hint: "db_pass must be a string"),
        BadBody(with(#""cloud_provider":"MOON""#), status: 400, hint: "cloud_provider"),
        BadBody(with(#""cloud_provider":true"#), status: 400, hint: "cloud_provider must be a string"),
        BadBody(with(#""region":"eu west""#), status: 400, hint: "region"),
        BadBody(with(#""region":"""#), status: 400, hint: "region"),
        BadBody(with(#""region_selection":"eu-west-1""#), status: 400, hint: "region_selection must be an object"),
        BadBody(
            with(#""region_selection":{"type":"specific"}"#), status: 400, hint: "region_selection.code is missing"),
        BadBody(with(#""services":["db","warp"]"#), status: 400, hint: "warp"),
        BadBody(with(#""services":["db","db"]"#), status: 400, hint: "db twice"),
        BadBody(with(#""services":[]"#), status: 400, hint: "services"),
        BadBody(with(#""services":["../db"]"#), status: 400, hint: "services"),
        BadBody(with(#""services":["db",1]"#), status: 400, hint: "services[1] must be a string"),
        BadBody(with(#""services":"db""#), status: 400, hint: "services must be a list"),
        BadBody(
            with(#""services":[\#(Array(repeating: "\"db\"", count: 65).joined(separator: ","))]"#), status: 400,
            hint: "64"),
    ]
}

@Suite("Bad input")
struct BadInputTests {
    @Test("is refused with a message that names it, on both APIs, and nothing is created", arguments: BadBody.all)
    func refused(bad: BadBody) async throws {
        try await APIHost.run { host in
            for path in ["/platform/projects", "/v1/projects"] {
                let answer = try await host.send("POST", path, body: bad.body)
                #expect(answer.status == bad.status)
                #expect(answer.isJSON)
                let message = try #require(try answer.message)
                #expect(message.contains(bad.hint), "\(message)")
            }
            #expect(try await host.store.refs().isEmpty)
            #expect(try await host.store.leases(at: Timestamp(milliseconds: 0)) == TakenLeases())
        }
    }

    @Test("a password never comes back in a refusal or a log line")
    func passwordStaysSecret() async throws {
        try await APIHost.run { host in
            for password in ["hunter2 hunter2", "hunter2'hunter2"] {
                let answer = try await host.send(
                    "POST", "/platform/projects",
                    body: #"{"name":"demo","organization_slug":"default","db_pass":"\#(password)"}"#)
                #expect(answer.status == 400)
                #expect(!answer.text.contains("hunter2"))
            }
            #expect(!host.log.lines.contains { $0.contains("hunter2") })
        }
    }

    @Test(
        "invalid UTF-8 and a body of zeros are 400", arguments: [[0x7B, 0x22, 0xFF, 0x22], [0, 0, 0, 0]] as [[UInt8]])
    func bytes(body: [UInt8]) async throws {
        try await APIHost.run { host in
            let answer = try await host.send("POST", "/platform/projects", bytes: body)
            #expect(answer.status == 400)
            #expect(try await host.store.refs().isEmpty)
        }
    }

    @Test("the second project with a name is 409, and the first stays alone")
    func duplicate() async throws {
        try await APIHost.run { host in
            _ = try await host.create("demo")
            for path in ["/platform/projects", "/v1/projects"] {
                let answer = try await host.send("POST", path, body: APIHost.createBody("demo"))
                #expect(answer.status == 409)
                #expect(try answer.message?.contains("demo") == true)
            }
            #expect(try await host.store.refs().count == 1)
        }
    }

    @Test("two creations with one name at the same moment make one project")
    func race() async throws {
        try await APIHost.run { host in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...8 {
                    group.addTask {
                        try await host.send("POST", "/platform/projects", body: APIHost.createBody("demo")).status
                    }
                }
                return try await group.reduce(into: [Int]()) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 201 }.count == 1)
            #expect(statuses.filter { $0 == 409 }.count == 7)
            #expect(try await host.store.refs().count == 1)
        }
    }

    @Test("a body of 10 MiB is 413, and the connection serves the next request")
    func hugeBody() async throws {
        try await APIHost.run { host in
            let body = APIHost.createBody("demo", #","x":"\#(String(repeating: "x", count: 10 << 20))""#)
            let answer = try await host.send("POST", "/platform/projects", body: body)
            #expect(answer.status == 413)
            #expect(try answer.message?.contains("\(ServerLimits().bodyBytesMax)") == true)
            let refused = try await host.send("POST", "/platform/projects", body: body, token: nil)
            #expect(refused.status == 401)
            #expect(try await host.store.refs().isEmpty)
            #expect(try await host.send("GET", "/platform/projects").status == 200)
        }
    }

    @Test("a body just below the limit is read, one just above it is not")
    func bodyLimit() async throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 512
        try await APIHost.run(limits: limits) { host in
            let base = APIHost.createBody("demo", #","x":"""#).utf8.count
            for (size, status) in [(513, 413), (512, 201)] {
                let body = APIHost.createBody("demo", #","x":"\#(String(repeating: "x", count: size - base))""#)
                #expect(body.utf8.count == size)
                let answer = try await host.send("POST", "/platform/projects", body: body)
                #expect(answer.status == status)
            }
        }
    }

    @Test(
        "a ref that is not twenty letters is 404 on every route that has one",
        arguments: [
            "abc", "ABCDEFGHIJKLMNOPQRST", "abcdefghijklmnopqrs1", "abcdefghijklmnopqrstu", "%2e%2e",
            "abcdefghijklmnopqrs%74", "abcdefghijklmnopqrst%00", "abcdefghijklmnopqrst;x",
            String(repeating: "a", count: 8_000),
        ])
    func badRef(ref: String) async throws {
        let routes = allRoutes().filter { $0.path.contains("{ref}") }
        #expect(routes.count > 15)
        try await APIHost.run { host in
            for route in routes {
                let path = route.path.replacing("{ref}", with: ref)
                let answer = try await host.send(route.method.rawValue, path)
                #expect(answer.status == 404, "\(route.name)")
                #expect(try answer.message?.isEmpty == false)
                #expect(answer.body.count < 512)
            }
        }
    }

    @Test("a ref that no project has is 404 on every route that has one")
    func unknownRef() async throws {
        try await APIHost.run { host in
            for route in allRoutes() where route.path.contains("{ref}") {
                let path = route.path.replacing("{ref}", with: "abcdefghijklmnopqrst")
                let answer = try await host.send(route.method.rawValue, path)
                #expect(answer.status == 404, "\(route.name)")
                #expect(try answer.message == "there is no project abcdefghijklmnopqrst")
            }
        }
    }
}
