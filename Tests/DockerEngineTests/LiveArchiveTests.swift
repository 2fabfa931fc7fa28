import CurlKit
import Orchestrator
import Testing

@testable import DockerEngine

@Suite("Archives into containers on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason))
struct LiveArchiveTests {
    /// A container that was created and never started, with a volume at `/vol`.
    private func withContainer(
        _ test: @escaping (LiveEngine, DockerContainerEngine, String) async throws -> Void
    ) async throws {
        try await LiveEngine.with { engine async throws in
            let volume = VolumeSpec(name: engine.name("filled"), labels: engine.labels)
            _ = try await engine.client.createVolume(volume)
            var spec = engine.spec("filled", "stat -c '%a %u' /vol/bin/busybox")
            spec.host.mounts = [MountSpec(.volume(name: volume.name), target: "/vol")]
            _ = try await engine.client.createContainer(spec)
            let adapter = DockerContainerEngine(
                host: engine.client.host, http: engine.http, installation: "smtest")
            try await test(engine, adapter, spec.name)
        }
    }

    @Test("an archive that is written piece by piece is in the volume before the first start")
    func unpacking() async throws {
        try await withContainer { engine, adapter, name async throws in
            #expect(try await !adapter.hasFile(at: "/vol/bin/busybox", inContainer: name))
            let archive = try LiveEngine.rootFileSystem()
            #expect(archive.count > HTTPUpload.bufferBytes, "the test wants more than is buffered")
            try await adapter.unpack(into: "/vol", ofContainer: name) { write in
                for start in stride(from: 0, to: archive.count, by: 100_000) {
                    try await write(Array(archive[start..<min(start + 100_000, archive.count)]))
                }
            }
            #expect(try await adapter.hasFile(at: "/vol/bin/busybox", inContainer: name))
            try await engine.client.startContainer(name)
            #expect(try await engine.client.exitCode(of: name) == 0)
            #expect(try await engine.client.logs(of: name).text.contains("755 0"))
        }
    }

    @Test("a source that gives up is what the caller hears of, and the connection is given back")
    func givingUp() async throws {
        struct GivenUp: Error {}
        try await withContainer { _, adapter, name async throws in
            await #expect(throws: GivenUp.self) {
                try await adapter.unpack(into: "/vol", ofContainer: name) { write in
                    try await write([UInt8](repeating: 0, count: 3_000_000))
                    throw GivenUp()
                }
            }
            try await adapter.ping()
        }
    }

    @Test("what the engine refuses is its own reason, however much is still to be written")
    func refusal() async throws {
        try await withContainer { _, adapter, name async throws in
            for (container, folder) in [("smtest-docker-nothing", "/vol"), (name, "/not-there")] {
                await #expect(throws: EngineError.self) {
                    try await adapter.unpack(into: folder, ofContainer: container) { write in
                        for _ in 1...40 { try await write([UInt8](repeating: 0, count: 500_000)) }
                    }
                }
            }
            await #expect(throws: EngineError.self) {
                _ = try await adapter.hasFile(at: "/vol", inContainer: "smtest-docker-nothing")
            }
        }
    }
}
