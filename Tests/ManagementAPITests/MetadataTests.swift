import HTTPTypes
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Accounts
@testable import FeatureKit
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
                    "GET",
                    "/platform/pg-meta/\(ref)/\(name)?included_schemas=public,a%20b&limit=05&other=1&include_columns=1")
                #expect(answer.status == 200)
                #expect(answer.text == #"[{"id":1}]"#)
                let call = try #require(host.gateways.calls.last)
                #expect(
                    call.request.target == "/pg/\(name)?limit=5&include_columns=true&included_schemas=public%2Ca%20b")
                #expect(call.target.serviceKey.reveal() == "service_role.\(ref).token")
                let record = try #require(try await host.store.project(ref))
                let address = try #require(await StandInAddresses().address(behind: "GATEWAY_PORT", of: record))
                #expect(call.target.baseURL == "http://\(address.host):\(address.port)")
            }
        }
    }

    /// Parameters that a service takes as free text, and quotes.
    private static let freeText: Set<String> = [
        "GET /platform/auth/{ref}/users keywords", "GET /v1/projects/{ref}/database/openapi schema",
        "GET /platform/storage/{ref}/buckets search",
    ]

    @Test("no parameter of a query brings SQL to a service: values are formatted again, or refused")
    func hostileQueries() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .active)
            host.gateways.setAnswer { _ in Self.json("[]") }
            for route in allRoutes() where route.method == .get && route.parameterNames == ["ref"] {
                let path = route.path.replacing("{ref}", with: ref.text)
                for parameter in route.operation.query where !Self.freeText.contains("\(route.name) \(parameter.name)")
                {
                    for hostile in ["1;select 1", "public';select 1--", "true or 1=1", "public) or (true"] {
                        let before = host.gateways.calls.count
                        let given = GatewayRequest.encoded(hostile)
                        _ = try await host.send("GET", "\(path)?\(parameter.name)=\(given)")
                        for call in host.gateways.calls.dropFirst(before) {
                            #expect(!call.request.target.contains(given), "\(route.name) \(parameter.name) \(hostile)")
                        }
                    }
                }
            }
        }
    }

    @Test("filters of lists are numbers, truth values and names, and nothing else")
    func filters() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            host.gateways.setAnswer { _ in Self.json("[]") }
            let refused = [
                "limit=1%3Bselect%201", "limit=-1", "limit=1e3", "offset=x", "id=1%3B", "id=1.2.3", "id=", "id=-1",
                "include_columns=perhaps", "included_schemas=a%27b", "included_schemas=", "excluded_schemas=a,,b",
                "included_schemas=a%26b", "excluded_schemas=\(String(repeating: "a", count: 64))",
            ]
            for query in refused {
                let answer = try await host.send("GET", "/platform/pg-meta/\(ref)/policies?\(query)")
                #expect(answer.status == 400, "\(query)")
            }
            #expect(host.gateways.calls.isEmpty)
            for (query, target) in [
                ("id=16384.2", "id=16384.2"), ("include_system_schemas=yes", "include_system_schemas=true"),
                ("included_schemas=ä_1,Zoë", "included_schemas=%C3%A4_1%2CZo%C3%AB"),
            ] {
                let answer = try await host.send(
                    "GET",
                    "/platform/pg-meta/\(ref)/policies?\(query.replacing("ä", with: "%C3%A4").replacing("ë", with: "%C3%AB"))"
                )
                #expect(answer.status == 200)
                #expect(host.gateways.calls.last?.request.target == "/pg/policies?\(target)")
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

    @Test("schemas are listed by database")
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
