import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import ManagementAPI

@Suite("A project's database by name")
struct MetadataTests {
    /// Lists of postgres-meta.
    static let names = [
        "tables", "views", "materialized-views", "foreign-tables", "types", "policies", "triggers", "publications",
        "extensions", "column-privileges",
    ]

    private static func json(_ text: String, _ status: Int = 200) -> GatewayAnswer {
        GatewayAnswer(status: status, contentType: "application/json; charset=utf-8", body: Array(text.utf8))
    }

    @Test("lists of postgres-meta come through the gateway with the service key and the filters of the contract")
    func lists() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { _ in Self.json(#"[{"id":1}]"#) }
            for name in Self.names {
                let answer = try await host.send(
                    "GET", "/platform/pg-meta/\(ref)/\(name)?included_schemas=public,a%26b&limit=5&other=1")
                #expect(answer.status == 200)
                #expect(answer.text == #"[{"id":1}]"#)
                let call = try #require(host.gateways.calls.last)
                #expect(call.request.target == "/pg/\(name)?limit=5&included_schemas=public%2Ca%26b")
                #expect(call.target.serviceKey.reveal() == "service_role.\(ref).token")
                let record = try #require(try await host.store.project(ref))
                let address = try #require(await StandInAddresses().address(behind: "GATEWAY_PORT", of: record))
                #expect(call.target.baseURL == "http://\(address.host):\(address.port)")
            }
        }
    }

    @Test(
        "a refusal of a service keeps its status and its words; what is no fault of the caller's is 503",
        arguments: [
            (400, 400), (403, 403), (404, 404), (409, 409), (422, 422), (429, 429), (401, 503), (418, 400), (500, 503),
            (502, 503), (302, 503),
        ])
    func refusals(upstream: Int, status: Int) async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { _ in Self.json(#"{"msg":"because"}"#, upstream) }
            let answer = try await host.send("GET", "/platform/pg-meta/\(ref)/tables")
            #expect(answer.status == status)
            if status != 503 { #expect(try answer.message == "because") }
            #expect((answer.header("Retry-After") != nil) == (status == 503))
        }
    }

    @Test(
        "the words of a service are found in whichever field it puts them",
        arguments: [
            (#"{"msg":"a"}"#, "a"), (#"{"message":"b"}"#, "b"), (#"{"error_description":"c"}"#, "c"),
            (#"{"error":"d"}"#, "d"), (#"{"error":{"message":"e"}}"#, "e"),
            ("<html>", "the project's storage answered 400"),
            (#"{"msg":""}"#, "the project's storage answered 400"),
        ])
    func words(body: String, message: String) {
        #expect(GatewayAnswer(status: 400, body: Array(body.utf8)).refusal(by: .storage).message == message)
    }

    @Test("an answer that is no JSON, and a gateway that does not answer, are 503")
    func broken() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { _ in GatewayAnswer(status: 200, contentType: "text/html", body: [60]) }
            #expect(try await host.send("GET", "/platform/pg-meta/\(ref)/tables").status == 503)
            host.gateways.setAnswer { _ throws(ProjectGatewayError) in throw .unreachable("no gateway") }
            let answer = try await host.send("GET", "/platform/pg-meta/\(ref)/tables")
            #expect(answer.status == 503)
            #expect(try answer.message == "no gateway")
        }
    }

    @Test("TypeScript types are a text in JSON; PostgREST's document is passed on")
    func documents() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { call in
                call.request.path == "/rest/v1/"
                    ? GatewayAnswer(
                        status: 200, contentType: "application/openapi+json", body: Array(#"{"swagger":"2.0"}"#.utf8))
                    : GatewayAnswer(status: 200, contentType: "text/plain", body: Array("export type A = \"b\"".utf8))
            }
            let types = try await host.send("GET", "/v1/projects/\(ref)/types/typescript?included_schemas=public,auth")
            #expect(try types.json == .object(["types": .string("export type A = \"b\"")]))
            #expect(
                host.gateways.calls.last?.request.target
                    == "/pg/generators/typescript?included_schemas=public%2Cauth")
            for path in ["/v1/projects/\(ref)/database/openapi?schema=api", "/platform/projects/\(ref)/api/rest"] {
                #expect(try await host.send("GET", path).json == .object(["swagger": .string("2.0")]))
            }
            let headers = host.gateways.calls.map { $0.request.headers.map { "\($0.0): \($0.1)" } }
            #expect(headers == [[], ["Accept-Profile: api"], []])
        }
    }

    @Test("schemas are told by database")
    func context() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.databases.setAnswer { _ in
                QueryAnswer(json: Array(#"[{"name":"postgres","schemas":[{"name":"public"}]}]"#.utf8), rowCount: 1)
            }
            let answer = try await host.send("GET", "/v1/projects/\(ref)/database/context")
            #expect(try answer.json["databases"]?[0]?["schemas"]?[0]?["name"] == .string("public"))
            #expect(host.databases.calls.last?.query.isReadOnly == true)
        }
    }

    @Test("GraphQL runs as the service role, and is refused on behalf of another one")
    func graphQL() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { _ in Self.json(#"{"data":{}}"#) }
            let path = "/platform/projects/\(ref)/api/graphql"
            let answer = try await host.send("POST", path, body: #"{"query":"{ a }"}"#)
            #expect(answer.status == 201)
            #expect(answer.text == #"{"data":{}}"#)
            #expect(host.gateways.calls.last?.request.path == "/graphql/v1")
            #expect(try await host.send("POST", path, body: "[]").status == 400)
            let other = try await host.send(
                "POST", path, body: #"{"query":"{ a }"}"#, headers: [("x-graphql-authorization", "Bearer x")])
            #expect(other.status == 400)
            #expect(try await host.send("POST", path, body: "{}", token: Person.readOnly.token).status == 403)
        }
    }
}
