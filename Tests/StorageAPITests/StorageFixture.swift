import DataPlaneCore
import FileKit
import FoundationEssentials
import PostgresKit
import PostgresTestSupport
import Synchronization
import Testing
import TokenKit

@testable import StorageAPI

/// A clock that a test sets.
final class TestClock: Sendable {
    private let seconds: Mutex<Double>

    init(_ seconds: Double) { self.seconds = Mutex(seconds) }

    var now: Double { seconds.withLock { $0 } }

    func advance(by duration: Double) { seconds.withLock { $0 += duration } }
}

/// A service over an empty database and an empty folder.
struct StorageFixture: Sendable {
    static let secret = "37c304f8-51aa-419a-a1af-06154e63707a"
    static let user = "11111111-2222-4333-8444-555555555555"
    static let roles = """
        DO $$ BEGIN CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS; EXCEPTION
          WHEN duplicate_object THEN NULL; END $$;
        CREATE SCHEMA auth;
        CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$
          SELECT (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
        """

    let service: StorageService
    let pool: PostgresPool
    let folder: TestFolder
    let parameters: PostgresConnectionParameters

    /// Runs `body` with a fixture whose folder is removed afterwards.
    static func with(
        clock: TestClock? = nil, files: ((VolumeFiles) async throws -> any ObjectFiles)? = nil, keys: APIKeys? = nil,
        images: (any ImageRenderer)? = nil, _ change: (inout StorageConfiguration) -> Void = { _ in },
        _ body: (StorageFixture) async throws -> Void
    ) async throws {
        let folder = TestFolder()
        defer { folder.remove() }
        let fixture = try await StorageFixture(
            folder: folder, clock: clock, files: files, keys: keys, images: images, change)
        try await body(fixture)
        await fixture.pool.close()
    }

    init(
        folder: TestFolder, parameters: PostgresConnectionParameters? = nil, clock: TestClock? = nil,
        files: ((VolumeFiles) async throws -> any ObjectFiles)? = nil, keys: APIKeys? = nil,
        images: (any ImageRenderer)? = nil, _ change: (inout StorageConfiguration) -> Void = { _ in }
    ) async throws {
        self.folder = folder
        var configuration = StorageConfiguration()
        configuration.publicPath = "/storage/v1"
        configuration.s3Keys = [
            .init(id: "supa-access-key", secret: KeyBytes(Array("supa-secret-key-0123456789".utf8)))
        ]
        configuration.sessionKey = .init(id: "project", secret: KeyBytes(Array("anon-key-of-the-project".utf8)))
        change(&configuration)
        let database: PostgresConnectionParameters
        if let parameters {
            database = parameters
        } else {
            database = try await TestCluster.running.emptyDatabase()
            let connection = try await PostgresConnection.connect(database)
            try await connection.executeScript(Self.roles)
            await connection.close()
        }
        self.parameters = database
        pool = PostgresPool(StorageService.parameters(database))
        let tokenKeys = try TokenVerifier.keys(secret: Self.secret, isBase64: false)
        let volume = try await VolumeFiles(folder: folder.path + "/files")
        let kept = try await files?(volume) ?? volume
        service = StorageService(
            configuration: configuration, pool: pool, files: kept, images: images,
            verifier: TokenVerifier(keys: tokenKeys, audience: nil), secret: KeyBytes(Array(Self.secret.utf8)),
            keys: keys,
            clock: { clock?.now ?? Date().timeIntervalSince1970 }, report: { _ in })
        try await service.migrate()
    }

    // MARK: Requests

    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]
        var headers: [(name: String, value: String)]
        var length: Int

        var json: JSONText { (try? JSONText(body)) ?? .null }
        var text: String { String(decoding: body, as: UTF8.self) }

        func header(_ name: String) -> String {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value ?? ""
        }

        func member(_ names: String...) -> String {
            names.reduce(json) { $0[$1] ?? .null }.stringValue ?? ""
        }
    }

    static func token(role: String, subject: String? = nil) -> String {
        var claims: [JSONText.Member] = [.init("role", .string(role))]
        if let subject { claims.append(.init("sub", .string(subject))) }
        let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
        let signed = header + "." + Base64URL.encode(Array(JSONText.object(claims).text.utf8))
        let tag = (try? Digest.hmacSHA256(Array(signed.utf8), key: KeyBytes(Array(secret.utf8)))) ?? []
        return signed + "." + Base64URL.encode(tag)
    }

    static let admin = token(role: "service_role")
    static let member = token(role: "authenticated", subject: user)
    static let anonymous = token(role: "anon")

    /// Asks as the service role unless another token is given; "" is none.
    func ask(
        _ method: String, _ target: String, token: String = admin, headers: [(name: String, value: String)] = [],
        body: [UInt8] = [], pieces: Int = 65_536
    ) async throws -> Answer {
        let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
        var all = headers
        if !token.isEmpty { all.append(("authorization", "Bearer \(token)")) }
        if !all.contains(where: { $0.name == "content-length" }) { all.append(("content-length", String(body.count))) }
        if !all.contains(where: { $0.name == "host" }) { all.append(("host", "127.0.0.1:5000")) }
        var request = ServiceRequest(
            method: method, path: parts[0], query: parts.count > 1 ? parts[1] : "", headers: all, body: [])
        let response: ServiceResponse
        if let refusal = service.refusal(ofHead: request) {
            response = refusal
        } else if service.takesPieces(of: request) {
            let chunks = stride(from: 0, to: body.count, by: pieces).map {
                Array(body[$0..<min(body.count, $0 + pieces)])
            }
            response = await service.respond(to: request, body: ServiceBody(pieces: chunks))
        } else {
            request.body = body
            response = await service.respond(to: request)
        }
        var bytes = response.body
        if let content = response.content, method != "HEAD" { bytes = try await content.read(0, content.length) }
        return Answer(
            status: response.status, body: bytes, headers: response.headers,
            length: response.content?.length ?? response.body.count)
    }

    func ask(
        _ method: String, _ target: String, token: String = admin, headers: [(name: String, value: String)] = [],
        json: String
    ) async throws -> Answer {
        try await ask(
            method, target, token: token, headers: headers + [("content-type", "application/json")],
            body: Array(json.utf8))
    }

    /// A multipart/form-data upload.
    func form(
        _ target: String, token: String = admin, method: String = "POST", fields: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], type: String = "text/plain", file: [UInt8], pieces: Int = 65_536
    ) async throws -> Answer {
        var body: [UInt8] = []
        for (name, value) in fields {
            body += Array("--b0undary\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        body += Array(
            "--b0undary\r\nContent-Disposition: form-data; name=\"\"; filename=\"a\"\r\nContent-Type: \(type)\r\n\r\n"
                .utf8)
        body += file + Array("\r\n--b0undary--\r\n".utf8)
        return try await ask(
            method, target, token: token,
            headers: headers + [("content-type", "multipart/form-data; boundary=b0undary")],
            body: body, pieces: pieces)
    }

    func makeBucket(_ name: String, _ more: String = "") async throws {
        let answer = try await ask("POST", "/bucket", json: "{\"name\":\"\(name)\"\(more)}")
        #expect(answer.status == 200, "\(answer.text)")
    }

    func put(_ target: String, _ text: String, type: String = "text/plain") async throws -> Answer {
        try await ask("POST", "/object/\(target)", headers: [("content-type", type)], body: Array(text.utf8))
    }

    func count(_ sql: String) async throws -> Int {
        try await pool.single("SELECT count(*) AS count FROM \(sql)").int("count")
    }

    /// Files below the folder, by their folder's name.
    func files() throws -> (published: [String], incoming: [String]) {
        let base = folder.path + "/files"
        let shards = try FileManager.default.contentsOfDirectory(atPath: base + "/objects")
        let published = try shards.flatMap {
            try FileManager.default.contentsOfDirectory(atPath: base + "/objects/" + $0)
        }
        return (published.sorted(), try FileManager.default.contentsOfDirectory(atPath: base + "/incoming").sorted())
    }
}
