import CurlKit
import Foundation
import HTTPStub
import Orchestrator
import ProjectModel
import Reconciler
import Testing
import TokenKit

@testable import DockerEngine

/// Real pulls: the engine downloads from a registry that this test serves on the loopback.
@Suite("Pulls on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason), .serialized)
struct LivePullTests {
    /// An image of one layer, as a registry keeps it: three documents by their digests.
    private struct Image {
        let manifest: [UInt8]
        let blobs: [String: [UInt8]]

        init(seed: String) throws {
            let layer = try TarArchive.write([
                TarEntry(path: "file", kind: .file(Array(repeating: 7, count: 300_000) + Array(seed.utf8)), mode: 0o644)
            ])
            let layerDigest = "sha256:" + Hex.encode(try Digest.sha256(layer))
            let config = Array(
                """
                {"architecture":"amd64","os":"linux","config":{"Cmd":["/file"]},
                 "rootfs":{"type":"layers","diff_ids":["\(layerDigest)"]}}
                """.utf8)
            let configDigest = "sha256:" + Hex.encode(try Digest.sha256(config))
            let docker = "application/vnd.docker"
            manifest = Array(
                """
                {"schemaVersion":2,"mediaType":"\(docker).distribution.manifest.v2+json",
                 "config":{"mediaType":"\(docker).container.image.v1+json","size":\(config.count),
                 "digest":"\(configDigest)"},
                 "layers":[{"mediaType":"\(docker).image.rootfs.diff.tar.gzip","size":\(layer.count),
                 "digest":"\(layerDigest)"}]}
                """.utf8)
            blobs = [layerDigest: layer, configDigest: config]
        }

        /// The registry's answer; the layer's second half waits for the gate.
        func answer(_ request: StubRequest, _ gate: StubGate) throws -> [StubStep] {
            if request.path == "/v2/" { return [.response(200, "{}")] }
            if request.path.contains("/manifests/") {
                let type = "Content-Type: application/vnd.docker.distribution.manifest.v2+json"
                let digest = "Docker-Content-Digest: sha256:" + Hex.encode(try Digest.sha256(manifest))
                let isHead = request.method == "HEAD"
                return [.head(headers: [type, digest, "Content-Length: \(manifest.count)"])]
                    + (isHead ? [] : [.send(manifest)])
            }
            guard let name = request.path.split(separator: "/").last, let blob = blobs[String(name)] else {
                return [.response(404, "{}")]
            }
            let half = blob.count / 2
            let holds: [StubStep] = blob.count > 100_000 ? [.wait(gate)] : []
            return [.head(headers: ["Content-Length: \(blob.count)"]), .send(Array(blob.prefix(half)))] + holds
                + [.send(Array(blob.dropFirst(half)))]
        }
    }

    @Test("a pull that succeeds tells its layers and bytes while it lasts, and the image is there afterwards")
    func progress() async throws {
        try await LiveEngine.with { live in
            let image = try Image(seed: live.run)
            let gate = StubGate()
            let registry = try StubServer(.loopback) { (try? image.answer($0, gate)) ?? [.response(500, "{}")] }
            defer { registry.stop() }
            let name = "127.0.0.1:\(registry.port)/smtest/\(live.run):1"
            let engine = DockerContainerEngine(
                host: try DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"]), http: live.http,
                installation: "pull\(live.run)")
            let ref = try #require(ProjectRef("abcdefghijklmnopqrst"))
            #expect(try await engine.missingImages([name]) == [name])
            async let pulled: Void = engine.perform(.pullImage(name), for: ref)
            var seen: ImagePull?
            for _ in 0..<1_000 where (seen?.layers ?? 0) == 0 {
                try await Task.sleep(for: .milliseconds(10))
                seen = engine.pulls.underWay(name)
            }
            #expect(seen?.layers == 1)
            #expect(seen?.layersDone == 0)
            gate.open()
            try await pulled
            #expect(engine.pulls.underWay(name) == nil)
            #expect(engine.pulls.last(name)?.layersDone == 1)
            #expect(try await engine.missingImages([name]) == [])
            _ = try await live.client.removeImage(name)
        }
    }
}
