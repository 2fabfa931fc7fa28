import DataPlaneCore
import Synchronization
import Testing

@testable import FunctionsAPI

/// Keeps the request that would have been sent.
private final class Sent: Sendable {
    let request = Mutex<ServiceRequest?>(nil)
}

@Suite("Way to the functions")
struct RelayTests {
    private static func relay(_ sent: Sent = Sent()) -> FunctionsRelay {
        FunctionsRelay(keys: APIKeys(tokens: [], names: [], refused: ["old.c.d"])) {
            request async throws(ExchangeFailure) in
            sent.request.withLock { $0 = request }
            throw ExchangeFailure("there is no server")
        }
    }

    @Test("methods that no function is called with are refused before anything is sent")
    func methods() {
        for method in FunctionRoute.methods { #expect(Self.relay().refusal(ofHead: request(method)) == nil) }
        for method in ["HEAD", "TRACE", "CONNECT", "PROPFIND"] {
            let refusal = Self.relay().refusal(ofHead: request(method, headers: [("apikey", "old.c.d")]))
            #expect(refusal?.status == 405 && refusal?.headers.contains { $0.name == "Allow" } == true, "\(method)")
        }
        #expect(Self.relay().refusal(ofHead: request(headers: [("apikey", "old.c.d")]))?.status == 401)
    }

    private static func forwarded(_ headers: [(name: String, value: String)], peer: String?) async -> [String]? {
        let sent = Sent()
        var given = request(headers: headers)
        given.peer = peer
        await relay(sent).respond(
            to: given, body: ServiceBody { () async throws(BodyInterruption) in nil }, by: AnswerStream())
        return sent.request.withLock { $0 }?.headers("x-forwarded-for")
    }

    @Test("functions learn the client's address, not what it says of itself")
    func address() async {
        let said = [(name: "x-forwarded-for", value: "1.1.1.1"), (name: "x-forwarded-for", value: "2.2.2.2")]
        #expect(await Self.forwarded(said, peer: "203.0.113.7") == ["203.0.113.7"])
        #expect(await Self.forwarded([], peer: "203.0.113.7") == ["203.0.113.7"])
        #expect(await Self.forwarded(said, peer: nil) == [])
    }
}
