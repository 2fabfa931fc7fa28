import DataPlaneCore
import FoundationEssentials
import PasswordKit
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing
import TokenKit

@testable import AuthAPI

/// A clock that a test sets.
final class TestClock: Sendable {
    private let seconds: Mutex<Double>

    init(_ seconds: Double) { self.seconds = Mutex(seconds) }

    var now: Double { seconds.withLock { $0 } }

    func advance(by duration: Double) { seconds.withLock { $0 += duration } }
}

/// What a service told its operators.
final class ReportedTexts: Sendable {
    private let texts = Mutex<[String]>([])

    func add(_ text: String) { texts.withLock { $0.append(text) } }

    var all: [String] { texts.withLock { $0 } }
}

/// Servers of others: answers as a test says, and keeps what it was sent.
final class StubHTTP: OutboundHTTP {
    private struct State {
        var answers: [Result<OutboundResponse, OutboundFailure>] = []
        var standard: Result<OutboundResponse, OutboundFailure>
        var requests: [OutboundRequest] = []
    }

    private let state: Mutex<State>

    init(_ standard: Result<OutboundResponse, OutboundFailure> = .success(StubHTTP.json("{}"))) {
        state = Mutex(State(standard: standard))
    }

    static func json(_ text: String, status: Int = 200) -> OutboundResponse {
        OutboundResponse(
            status: status, headers: [("content-type", "application/json; charset=utf-8")], body: Array(text.utf8))
    }

    /// Answers that come before the standard one, each once.
    func next(_ answers: Result<OutboundResponse, OutboundFailure>...) {
        state.withLock { $0.answers += answers }
    }

    /// What is answered from now on.
    func always(_ answer: Result<OutboundResponse, OutboundFailure>) { state.withLock { $0.standard = answer } }

    var requests: [OutboundRequest] { state.withLock { $0.requests } }

    /// Bodies of all requests as JSON.
    var events: [JSONText] { requests.compactMap { try? JSONText($0.body) } }

    /// A field of the newest form.
    func field(_ name: String) -> String? {
        guard let body = requests.last?.body else { return nil }
        return FormText.pairs(String(decoding: body, as: UTF8.self)).first { $0.name == name }?.value
    }

    func send(_ request: OutboundRequest) async throws(OutboundFailure) -> OutboundResponse {
        let answer = state.withLock { state in
            state.requests.append(request)
            return state.answers.isEmpty ? state.standard : state.answers.removeFirst()
        }
        return try answer.get()
    }
}

/// A service over an empty database, with a clock and a mail server of the test's own.
struct AuthFixture: Sendable {
    let service: AuthService
    let pool: PostgresPool
    /// The database, for a second service on it.
    let parameters: PostgresConnectionParameters

    /// The configuration of most tests: addresses are confirmed automatically.
    static func with(
        _ parameters: PostgresConnectionParameters? = nil, clock: TestClock? = nil, http: (any OutboundHTTP)? = nil,
        reports: ReportedTexts? = nil, _ change: (inout AuthConfiguration) -> Void = { _ in }
    ) async throws -> AuthFixture {
        var configuration = AuthConfiguration()
        configuration.externalURL = "http://auth.example/auth/v1"
        configuration.siteURL = "http://site.example"
        configuration.autoconfirmsEmail = true
        configuration.hasAnonymous = true
        change(&configuration)
        let database: PostgresConnectionParameters
        if let parameters { database = parameters } else { database = try await TestCluster.running.emptyDatabase() }
        let pool = PostgresPool(AuthService.parameters(database))
        let service = AuthService(
            configuration: configuration, pool: pool,
            keys: try SigningKeys(secret: TokenTests.secret, keyID: nil, keys: nil),
            workers: PasswordWorkers(), http: http,
            hookBounds: Webhook.Bounds(timeout: .milliseconds(500), pause: .milliseconds(1)),
            clock: { clock?.now ?? Date().timeIntervalSince1970 },
            report: { text in if let reports { reports.add(text) } else { Issue.record("reported: \(text)") } })
        try await service.migrate()
        return AuthFixture(service: service, pool: pool, parameters: database)
    }

    struct Answer: Sendable {
        var status: Int
        var json: JSONText
        var headers: [(name: String, value: String)]

        func text(_ names: String...) -> String {
            names.reduce(json) { $0[$1] ?? .null }.stringValue ?? ""
        }

        func header(_ name: String) -> String {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value ?? ""
        }

        var code: String { text("error_code") }
    }

    func ask(
        _ method: String, _ target: String, token: String? = nil, headers: [(name: String, value: String)] = [],
        body: String = ""
    ) async -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        var all = headers
        if let token { all.append(("authorization", "Bearer \(token)")) }
        let request = ServiceRequest(
            method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: all,
            body: Array(body.utf8), peer: "127.0.0.1")
        let response: ServiceResponse
        if let refusal = service.refusal(ofHead: request) {
            response = refusal
        } else {
            response = await service.respond(to: request)
        }
        return Answer(
            status: response.status, json: (try? JSONText(response.body)) ?? .null, headers: response.headers)
    }

    func admin() throws -> String {
        try service.keys.token(.object([.init("role", .string("service_role"))]))
    }

    /// Signs a user up and gives the answer with the tokens.
    func signUp(_ email: String, password: String = "password1") async -> Answer {
        await ask("POST", "/signup", body: #"{"email":"\#(email)","password":"\#(password)"}"#)
    }

    func refresh(_ token: String) async -> Answer {
        await ask("POST", "/token?grant_type=refresh_token", body: #"{"refresh_token":"\#(token)"}"#)
    }

    func count(_ sql: String) async throws -> Int {
        try await pool.single("SELECT count(*) AS count FROM \(sql)").int("count")
    }

    /// Mails that wait, opened.
    func mails() async throws -> [WaitingMail] {
        let rows = try await pool.query("SELECT content FROM auth.projectd_mails ORDER BY id")
        return try rows.compactMap { WaitingMail(sealed: try $0.string("content"), key: service.keys.codeKey) }
    }
}

extension WaitingMail {
    /// The HTML of the body.
    var html: String {
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        guard parts.count == 2, let bytes = Base64.decode(parts[1].filter { !$0.isNewline }) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The code in the body.
    var code: String {
        html.firstRange(of: "code: ").map { String(html[$0.upperBound...].prefix { $0.isNumber }) } ?? ""
    }

    /// Path and query of the link in the body, below the API.
    var link: String {
        guard let start = html.firstRange(of: "href=\"http://auth.example/auth/v1") else { return "" }
        return String(html[start.upperBound...].prefix { $0 != "\"" }).replacing("&amp;", with: "&")
    }
}
