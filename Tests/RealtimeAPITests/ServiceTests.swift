import DataPlaneCore
import PostgresKit
import Synchronization
import Testing

@testable import RealtimeAPI

/// Keeps what was written to clients.
final class RecordingWriter: SocketWriter {
    private let written = Mutex<[(id: SocketID, text: String)]>([])

    func send(_ data: SocketData, to ids: [SocketID]) {
        let text = String(decoding: data.bytes, as: UTF8.self)
        written.withLock { $0 += ids.map { ($0, text) } }
    }

    func close(_ id: SocketID, code: UInt16, reason: String) {
        written.withLock { $0.append((id, "close \(code) \(reason)")) }
    }

    func texts(to id: SocketID) -> [String] { written.withLock { all in all.filter { $0.id == id }.map(\.text) } }
}

/// Policies by topic.
struct FixedPolicies: ChannelPolicies {
    var rights: [String: ChannelRights] = [:]

    func rights(_ question: PolicyQuestion) async throws(RightsFailure) -> ChannelRights {
        rights[question.topic] ?? .none
    }
}

@Suite("Realtime by HTTP")
struct ServiceTests {
    private let writer = RecordingWriter()

    private func service(_ change: (inout RealtimeConfiguration) -> Void = { _ in }) -> RealtimeService {
        // Nothing here asks the database.
        let parameters = PostgresConnectionParameters(host: "/nowhere", user: "none", database: "none")
        var configuration = RealtimeConfiguration(verifier: ChannelFixture.verifier)
        change(&configuration)
        return RealtimeService(
            configuration: configuration, pool: PostgresPool(parameters), database: parameters,
            policies: FixedPolicies(rights: ["mine": .all]), writer: writer, clock: { ChannelFixture.now },
            report: { Issue.record("\($0)") })
    }

    private func request(
        _ method: String, _ target: String, with headers: [(name: String, value: String)] = [], body: String = ""
    ) -> ServiceRequest {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        return ServiceRequest(
            method: method, path: parts[0], query: parts.count == 2 ? parts[1] : "", headers: headers,
            body: Array(body.utf8))
    }

    private func bearer() throws -> (name: String, value: String) {
        ("authorization", "Bearer \(try ChannelFixture.token())")
    }

    private func text(_ response: ServiceResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test func aTokenOpensAWebSocket() async throws {
        let service = service()
        let token = try ChannelFixture.token()
        for (target, headers) in [
            ("/websocket?apikey=\(token)&vsn=2.0.0", []), ("/socket/websocket?vsn=1.0.0&apikey=\(token)", []),
            ("/websocket", [("x-api-key", token)]), ("/websocket?apikey=wrong", [("x-api-key", token)]),
        ] as [(String, [(name: String, value: String)])] {
            let request = request("GET", target, with: headers)
            #expect(service.admission(of: request) != nil)
            #expect(await service.respond(to: request).status == 426)
        }
        #expect(service.admission(of: request("GET", "/websocket?apikey=\(token)"))?.version == .one)
    }

    @Test(arguments: [
        ("/websocket", 401, "The request has no API key"), ("/websocket?apikey=", 401, "The request has no API key"),
        ("/websocket?apikey=x", 401, "The token is not a JSON Web Token that can be read"),
        ("/websocket?apikey=x&vsn=3.0.0", 400, "vsn is 1.0.0 or 2.0.0"),
    ])
    func webSocketsAreRefused(target: String, status: Int, why: String) async {
        let service = service()
        #expect(service.admission(of: request("GET", target)) == nil)
        let response = await service.respond(to: request("GET", target))
        #expect(response.status == status)
        #expect(text(response) == #"{"error":"\#(why)"}"#)
    }

    @Test func claimsOfAKeyAreRequired() async throws {
        let service = service()
        for (token, why) in [
            (try ChannelFixture.token(role: nil), "The token lacks the claims role"),
            (try ChannelFixture.token(exp: nil), "The token lacks the claims exp"),
            (try ChannelFixture.token(exp: ChannelFixture.now - 1), "Token has expired 1 seconds ago"),
        ] {
            let response = await service.respond(to: request("GET", "/websocket?apikey=\(token)"))
            #expect(response.status == 401)
            #expect(text(response) == #"{"error":"\#(why)"}"#)
        }
    }

    @Test func opaqueKeysStandForTokens() throws {
        let token = try ChannelFixture.token()
        let service = service { $0.keys = APIKeys(tokens: [], names: [("sb_publishable_1", token)], refused: [token]) }
        #expect(service.admission(of: request("GET", "/websocket?apikey=sb_publishable_1")) != nil)
        #expect(service.admission(of: request("GET", "/websocket?apikey=\(token)")) == nil)
        let open = self.service { $0.keys = APIKeys(tokens: [], names: [("sb_publishable_1", token)]) }
        #expect(open.admission(of: request("GET", "/websocket?apikey=sb_publishable_1")) != nil)
    }

    @Test func aBearerTokenIsReadAsEverywhere() async throws {
        let service = service()
        let (token, body) = (try ChannelFixture.token(), #"{"messages":[]}"#)
        let statuses = [
            ["Bearer \(token)"], ["bearer  \(token)"], ["Bearer \(token)", "Bearer \(token)"],
            ["Bearer \(token) x"],
            ["Bearer\t\(token)"], ["Bearer \(token),"], ["Basic \(token)"],
        ]
        for (values, isTaken) in zip(statuses, [true, true, false, false, false, false, false]) {
            let headers = values.map { (name: "authorization", value: $0) }
            let sent = request("POST", "/api/broadcast", with: headers, body: body)
            #expect(await service.respond(to: sent).status == (isTaken ? 202 : 401), "\(values)")
            #expect(
                (service.admission(of: request("GET", "/websocket", with: headers)) != nil) == isTaken,
                "\(values)")
        }
    }

    @Test func broadcastsOfTooManyValuesAreRefused() async throws {
        let service = service()
        let many = "[" + Array(repeating: "0", count: 30_000).joined(separator: ",") + "]"
        let batch = #"{"messages":[{"topic":"t","event":"e","payload":\#(many)}]}"#
        let bearer = try bearer()
        #expect(
            await service.respond(to: request("POST", "/api/broadcast", with: [bearer], body: batch))
                .status == 422)
        let single = request(
            "POST", "/api/broadcast/t/events/e", with: [bearer, ("content-type", "application/json")],
            body: many)
        #expect(await service.respond(to: single).status == 422)
    }

    @Test func connectionsHaveALimit() async throws {
        let service = service { $0.limits.connectionsMax = 1 }
        let request = request("GET", "/websocket?apikey=\(try ChannelFixture.token())")
        let admission = try #require(service.admission(of: request))
        let id = try #require(service.open(admission))
        #expect(service.open(admission) == nil)
        #expect(await service.respond(to: request).status == 429)
        service.closed(id)
        #expect(service.open(admission) != nil)
    }

    private func member(of service: RealtimeService, _ topic: String = "realtime:room") throws -> SocketID {
        let target = "/websocket?apikey=\(try ChannelFixture.token())"
        let admission = try #require(service.admission(of: request("GET", target)))
        let id = try #require(service.open(admission))
        let join = #"{"topic":"\#(topic)","event":"phx_join","payload":{},"ref":"1"}"#
        service.receive(.text(Array(join.utf8)), from: id)
        return id
    }

    @Test func broadcastsReachMembers() async throws {
        let service = service()
        let id = try member(of: service)
        let body =
            #"{"messages":[{"topic":"room","event":"e","payload":{"a":1}},{"topic":"x","event":"e","payload":1}]}"#
        let response = await service.respond(to: request("POST", "/api/broadcast", with: [try bearer()], body: body))
        #expect(response.status == 202)
        #expect(response.body.isEmpty)
        #expect(response.headers.contains { $0.name == "x-rate-limit-remaining" })
        #expect(
            writer.texts(to: id).dropFirst() == [
                #"{"event":"broadcast","payload":{"type":"broadcast","event":"e","payload":{"a":1}},"ref":null,"#
                    + #""topic":"realtime:room"}"#
            ])
    }

    @Test func oneBroadcastByItsPath() async throws {
        let service = service()
        let id = try member(of: service, "realtime:a b")
        let json = ("content-type", "application/json; charset=utf-8")
        let path = "/api/broadcast/a%20b/events/e"
        #expect(
            await service.respond(to: request("POST", path, with: [try bearer(), json], body: "{}")).status == 202)
        #expect(writer.texts(to: id).count == 2)
        let plain = ("content-type", "text/plain")
        #expect(await service.respond(to: request("POST", path, with: [try bearer(), plain])).status == 415)
        #expect(await service.respond(to: request("POST", path, with: [try bearer(), json], body: "{")).status == 422)
        #expect(await service.respond(to: request("POST", path, with: [json], body: "{}")).status == 401)
    }

    @Test func policiesDecideAboutPrivateOnes() async throws {
        let service = service()
        let json = ("content-type", "application/json")
        for (topic, status) in [("mine", 202), ("theirs", 403)] {
            let path = "/api/broadcast/\(topic)/events/e?private=true"
            #expect(
                await service.respond(to: request("POST", path, with: [try bearer(), json], body: "1")).status == status
            )
        }
        let body = #"{"messages":[{"topic":"theirs","event":"e","payload":1,"private":true}]}"#
        #expect(
            await service.respond(to: request("POST", "/api/broadcast", with: [try bearer()], body: body)).status == 202
        )
    }

    @Test(arguments: [
        ("", #"["is not a list"]"#), (#"{"messages":{}}"#, #"["is not a list"]"#),
        (
            #"{"messages":[{"topic":"t","event":"e","payload":1},{"event":"e"}]}"#,
            #"[{},{"payload":["is missing"],"topic":["is missing"]}]"#
        ),
    ])
    func bodiesThatAreNoBroadcasts(body: String, errors: String) async throws {
        let response = await service().respond(to: request("POST", "/api/broadcast", with: [try bearer()], body: body))
        #expect(response.status == 422)
        #expect(text(response) == #"{"errors":{"messages":\#(errors)}}"#)
    }

    @Test func tooManyBroadcasts() async throws {
        let service = service { $0.limits.messagesPerSecondMax = 1 }
        let one = #"{"topic":"t","event":"e","payload":1}"#
        let body = #"{"messages":[\#(repeatElement(one, count: 61).joined(separator: ","))]}"#
        let response = await service.respond(to: request("POST", "/api/broadcast", with: [try bearer()], body: body))
        #expect(response.status == 429)
        #expect(response.headers.contains { $0.name == "x-rate-limit-remaining" && $0.value == "0" })
    }

    @Test(arguments: [("GET", "/"), ("GET", "/api/broadcast"), ("GET", "/longpoll"), ("POST", "/api/broadcast/a/b/c")])
    func unknownPaths(method: String, path: String) async throws {
        #expect(await service().respond(to: request(method, path, with: [try bearer()])).status == 404)
    }

    @Test func browsersMayAsk() async {
        let headers = [("origin", "http://a"), ("access-control-request-method", "POST")]
        let response = await service().respond(to: request("OPTIONS", "/api/broadcast", with: headers))
        #expect(response.status == 204)
        #expect(response.headers.contains { $0.name == "Access-Control-Allow-Origin" && $0.value == "*" })
    }
}
