import CurlKit
import DockerEngine
import Foundation
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@Suite("The adapter on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason), .serialized)
struct DockerContainerEngineTests {
    @Test("it does what every engine does")
    func contract() async throws {
        try await LiveEngine.with { live async throws in
            let engine = DockerContainerEngine(
                host: try DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"]), http: live.http,
                installation: "contract\(live.run)")
            var generator = SystemRandomNumberGenerator()
            try await ContainerEngineContract.run(
                on: engine,
                .init(
                    ref: ProjectRef(using: &generator), namePrefix: live.name("contract-"),
                    image: LiveEngine.imageName, command: ["/bin/sleep", "60"],
                    subnet: try #require(IPv4Network("10.210.255.224/27")), ports: try freePorts()))
        }
    }

    @Test("objects of another installation are invisible, and a volume of theirs is not taken over")
    func installations() async throws {
        try await LiveEngine.with { live async throws in
            let host = try DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"])
            let ours = DockerContainerEngine(host: host, http: live.http, installation: "ours\(live.run)")
            let theirs = DockerContainerEngine(host: host, http: live.http, installation: "theirs\(live.run)")
            var generator = SystemRandomNumberGenerator()
            let ref = ProjectRef(using: &generator)
            let volume = DesiredVolume(name: live.name("volume"), composeName: "data")
            try await theirs.perform(.createVolume(volume), for: ref)
            #expect(try await ours.observe(ref).isEmpty)
            #expect(try await ours.overview().fingerprints[ref] == nil)
            await #expect(throws: EngineError.self) { try await ours.perform(.createVolume(volume), for: ref) }
            await #expect(throws: EngineError.self) {
                try await ours.perform(.removeVolume(name: volume.name), for: ref)
            }
            #expect(try await theirs.observe(ref).volumes.map(\.name) == [volume.name])
            try await theirs.perform(.removeVolume(name: volume.name), for: ref)
        }
    }

    /// Two ports that are free now: bound, noted, and let go together.
    private func freePorts() throws -> (UInt16, UInt16) {
        let candidates = (20_000...29_999).shuffled().lazy.filter { port in
            let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(probe) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        }
        let found = candidates.prefix(2).map { UInt16($0) }
        return (try #require(found.first), try #require(found.last))
    }
}
