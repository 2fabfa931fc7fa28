import CurlKit
import DockerEngine
import HTTPStub
import Testing

@Suite("Finding the engine and a common version")
struct ConnectTests {
    @Test(
        "the newest version that both sides speak is used",
        arguments: [("1.41", "1.41"), ("1.43", "1.43"), ("1.47", "1.47"), ("1.52", "1.47"), ("1.100", "1.47")])
    func negotiated(_ engine: String, _ used: String) async throws {
        try await withStubEngine(api: engine) { _ in
            [.response(200, "OK")]
        } test: { docker, stub async throws in
            #expect("\(docker.apiVersion)" == used)
            try await docker.ping()
            #expect(stub.requests.map(\.summary) == ["GET /version", "GET /v\(used)/_ping"])
        }
    }

    @Test("what answers anything but OK is no engine that works", arguments: ["", "<html>", "NOT OK"])
    func strangePing(_ body: String) async throws {
        try await withStubEngine(api: "1.41") { _ in
            [.response(200, body)]
        } test: { docker, _ async throws in
            let error = await #expect(throws: DockerError.self) { try await docker.ping() }
            guard case .decoding(_, "GET /_ping") = error else { throw try #require(error) }
        }
    }

    @Test(
        "an engine that is too old or too new is refused with what to do",
        arguments: [
            (#"{"ApiVersion": "1.40"}"#, "update"), (#"{"ApiVersion": "1.9"}"#, "update"),
            (#"{"ApiVersion": "1.60", "MinAPIVersion": "1.48"}"#, "1.48"),
        ])
    func refused(_ version: String, _ words: String) async throws {
        let error = try await connectError([.response(200, version)])
        guard case .unsupportedEngine(let reason) = error else { throw error }
        #expect(reason.contains(words))
    }

    @Test(
        "other servers are recognised",
        arguments: [
            #"{"ApiVersion": "latest"}"#, "{}", "<html>", "",
        ])
    func notAnEngine(_ body: String) async throws {
        let error = try await connectError([.response(200, body)])
        guard case .decoding(_, let call) = error else { throw error }
        #expect(call == "GET /version")
    }

    private func connectError(_ steps: [StubStep]) async throws -> DockerError {
        let stub = try StubServer { _ in steps }
        defer { stub.stop() }
        let http = try HTTPClient()
        let host = try DockerHost(parsing: "unix://\(stub.socketPath)")
        let error = await dockerError { _ = try await DockerClient.connect(to: host, http: http) }
        await http.shutdown()
        return try #require(error)
    }

    @Test("without a socket the error says so, and counts as an engine that is not available")
    func noSocket() async throws {
        let http = try HTTPClient()
        let host = try DockerHost(parsing: "unix:///nonexistent/docker.sock")
        let error = try #require(await dockerError { _ = try await DockerClient.connect(to: host, http: http) })
        await http.shutdown()
        #expect(error.isEngineUnavailable)
        #expect(error.description == "Docker Engine at unix:///nonexistent/docker.sock: there is no such socket")
    }

    @Test("DOCKER_HOST is read as it is written, and the standard socket is the default")
    func host() throws {
        #expect(try DockerHost(parsing: nil) == .standard)
        #expect(try DockerHost(parsing: "") == .standard)
        #expect(DockerHost.standard.socketPath == "/var/run/docker.sock")
        #expect(try DockerHost(parsing: "unix:///run/user/1000/docker.sock").socketPath == "/run/user/1000/docker.sock")
        #expect("\(try DockerHost(parsing: "unix:///a b"))" == "unix:///a b")
    }

    @Test(
        "other forms of DOCKER_HOST are refused",
        arguments: [
            "tcp://127.0.0.1:2375", "ssh://host", "npipe:////./pipe/docker", "/var/run/docker.sock", "unix://",
            "unix://relative",
        ])
    func badHost(_ value: String) {
        #expect(throws: DockerError.self) { try DockerHost(parsing: value) }
    }

    @Test("versions are compared by number")
    func versions() {
        #expect(APIVersion(major: 1, minor: 9) < .minimum)
        #expect(APIVersion("1.41") == .minimum)
        for bad in ["", "1", "1.", ".1", "1.41.2", "1.x", "-1.2", "1.-2"] { #expect(APIVersion(bad) == nil, "\(bad)") }
    }
}
