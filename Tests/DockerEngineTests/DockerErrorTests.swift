import CurlKit
import HTTPStub
import Orchestrator
import Testing

@testable import DockerEngine

@Suite("Errors of the engine")
struct DockerErrorTests {
    @Test(
        "a bad status brings the engine's message, bounded, or the body's beginning",
        arguments: [
            (#"{"message": "why"}"#, "why"), ("plain words", "plain words"), ("", ""),
            (#"{"message": 5}"#, #"{"message": 5}"#),
            (#"{"message": "\#(String(repeating: "x", count: 5000))"}"#, String(repeating: "x", count: 1000)),
        ])
    func message(_ body: String, _ expected: String) async throws {
        try await withStubEngine { _ in
            [.response(500, body)]
        } test: { docker, stub async throws in
            let error = await dockerError { _ = try await docker.info() }
            #expect(error == .status(500, message: expected, call: "GET /info"))
            // The same where an answer would have been streamed.
            let streamed = await dockerError { _ = try await docker.events() }
            #expect(streamed == .status(500, message: expected, call: "GET /events"))
        }
    }

    @Test(
        "malformed and truncated answers are distinguished from transport errors",
        arguments: [
            "[", "null", "{}", #"[{"Id": 5}]"#, "[{]", #"{"message": "no list"}"#,
        ])
    func malformed(_ body: String) async throws {
        try await withStubEngine { _ in
            [.response(200, body)]
        } test: { docker, stub async throws in
            let error = await dockerError { _ = try await docker.listContainers() }
            guard case .decoding(let reason, let call) = error else { throw error ?? .invalidArgument("none") }
            #expect(call == "GET /containers/json")
            #expect(!reason.isEmpty)
        }
    }

    /// What engines say when a network cannot be removed for its endpoints, oldest first.
    private static let networkInUse = [
        "network demo has active endpoints",
        "error while removing network: network demo id 2f4e8d31 has active endpoints",
        #"error while removing network: network demo has active endpoints (name:"proxy" id:"ed84de40e81a")"#,
    ]

    @Test(
        "a network that is in use is distinguished from other refusals, by every engine's messages",
        arguments: networkInUse)
    func endpoints(_ message: String) {
        let error = DockerError.status(403, message: message, call: "DELETE /networks/2f4e8d31")
        #expect(error.hasActiveEndpoints)
        #expect(EngineError(error) == .networkInUse(message: message))
        #expect(!EngineError(error).isTransient)
        for other in [
            DockerError.status(500, message: message, call: ""), .reported(message: message, call: ""),
            .status(403, message: "network demo is pre-defined and cannot be removed", call: ""),
        ] {
            #expect(!other.hasActiveEndpoints)
            if case .networkInUse = EngineError(other) { Issue.record("\(other) is no network in use") }
        }
    }

    @Test("an answer that breaks off is a transport error")
    func truncated() async throws {
        try await withStubEngine { _ in
            [.head(200, headers: ["Content-Length: 100"]), .text("[{"), .close]
        } test: { docker, stub async throws in
            let error = await dockerError { _ = try await docker.listContainers() }
            guard case .transport(let cause) = error else { throw error ?? .invalidArgument("none") }
            #expect(cause.code == .connectionLost)
            #expect(error?.isEngineUnavailable == true)
        }
    }

    @Test("a line of a stream that never ends is an error, not a memory leak")
    func endlessLine() async throws {
        try await withStubEngine { _ in
            [.head(200), .fill(bytes: 100_000_000)]
        } test: { docker, stub async throws in
            let error = await dockerError {
                for try await _ in try await docker.pullImage(ImageReference("a")) {}
            }
            guard case .decoding(let reason, _) = error else { throw error ?? .invalidArgument("none") }
            #expect(reason.contains("exceeds"))
            #expect(await stub.eventually { $0.closedByPeer >= 1 })
        }
    }

    @Test("cancelling a call closes its connection and has an error of its own")
    func cancelled() async throws {
        try await withStubEngine { _ in
            [.hang]
        } test: { docker, stub async throws in
            let task = Task { try await docker.info() }
            #expect(await stub.eventually { $0.calls.count == 1 })
            task.cancel()
            let error = await dockerError { _ = try await task.value }
            #expect(error?.isCancelled == true)
            #expect(error?.isEngineUnavailable == false)
            #expect(await stub.eventually { $0.closedByPeer >= 1 })
        }
    }

    @Test(
        "no name can lead out of its path",
        arguments: [
            "", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "../x", "a b", "-a", "ä", "a\r\nb",
            String(repeating: "a", count: 256),
        ])
    func badNames(_ name: String) async throws {
        try await withStubEngine { _ in
            [.response(200, "{}")]
        } test: { docker, stub async throws in
            let calls: [() async throws -> Void] = [
                { _ = try await docker.inspectContainer(name) }, { _ = try await docker.startContainer(name) },
                { try await docker.removeContainer(name) }, { _ = try await docker.inspectNetwork(name) },
                { try await docker.removeVolume(name) }, { _ = try await docker.inspectExec(name) },
                { _ = try await docker.logs(of: name) }, { _ = try await docker.createVolume(VolumeSpec(name: name)) },
                { _ = try await docker.createNetwork(NetworkSpec(name: name)) },
                { _ = try await docker.createContainer(ContainerConfig(name: name, image: "i")) },
            ]
            for call in calls {
                let error = await dockerError(call)
                guard case .invalidArgument = error else { throw error ?? .unsupportedHost("none") }
            }
            #expect(stub.calls.isEmpty)
        }
    }

    @Test(
        "image references are taken apart as the engine does",
        arguments: [
            ("a", "a", nil, nil), ("a:1", "a", "1", nil), ("r:5000/a", "r:5000/a", nil, nil),
            ("r:5000/a/b:1.2-x_y", "r:5000/a/b", "1.2-x_y", nil), ("a@sha256:ff", "a", nil, "sha256:ff"),
            ("r/a:1@sha256:ff", "r/a", "1", "sha256:ff"),
        ] as [(String, String, String?, String?)])
    func references(_ text: String, repository: String, tag: String?, digest: String?) throws {
        let reference = try ImageReference(text)
        #expect(reference.repository == repository)
        #expect(reference.tag == tag)
        #expect(reference.digest == digest)
        #expect("\(reference)" == text)
    }

    @Test(
        "what is no image reference is refused",
        arguments: [
            "", "/", "a//b", "a/", "../a", "a/../b", "a b", "a?b", "a:", "a@", "a@ff", ":1", "a:1:2", "a@b:c@d:e",
        ])
    func badReferences(_ text: String) {
        #expect(throws: DockerError.self) { try ImageReference(text) }
    }

    @Test(
        "port conflicts are found in the words of every engine, with the port",
        arguments: [
            (
                "driver failed programming external connectivity on endpoint x (abc): Bind for 127.0.0.1:5432 failed: port is already allocated",
                5432
            ),
            (
                "driver failed programming external connectivity on endpoint x (abc): Error starting userland proxy: listen tcp4 0.0.0.0:8080: bind: address already in use",
                8080
            ),
            ("Error starting userland proxy: listen tcp6 [::]:8080: bind: address already in use", 8080),
            ("Error starting userland proxy: listen udp 0.0.0.0:53: bind: address already in use", 53),
            (
                "failed to set up container networking: driver failed programming external connectivity on endpoint x (abc): failed to bind host port for 0.0.0.0:5432:172.18.0.2:80/tcp: address already in use",
                5432
            ),
            ("failed to bind host port 127.0.0.1:5432/tcp: address already in use", 5432),
            ("Bind for [::1]:443 failed: port is already allocated", 443),
            ("Bind for :::443 failed: port is already allocated", 443),
            ("port is already allocated", nil),
        ] as [(String, Int?)])
    func portConflicts(_ message: String, _ port: Int?) {
        let error = DockerError.status(500, message: message, call: "POST /containers/x/start")
        #expect(error.hostPortConflict == HostPortConflict(port: port))
    }

    @Test(
        "what is no port conflict is not taken for one",
        arguments: [
            (403, "Address already in use"), (500, "no such file"),
            (409, "endpoint with name x already exists in network y"),
        ])
    func noPortConflict(_ status: Int, _ message: String) {
        let error = DockerError.status(status, message: message, call: "c")
        #expect(error.hostPortConflict == nil)
        #expect(!error.isEngineUnavailable)
    }

    @Test("words count only with the status that they come with")
    func statusMatters() {
        let words = "No such image: a:1"
        #expect(DockerError.status(404, message: words, call: "c").isNoSuchImage)
        #expect(!DockerError.status(500, message: words, call: "c").isNoSuchImage)
        #expect(!DockerError.status(404, message: "No such container: x", call: "c").isNoSuchImage)
        #expect(!DockerError.status(500, message: "network already exists", call: "c").isNameInUse)
        #expect(DockerError.status(409, message: "network already exists", call: "c").isNameInUse)
    }
}
