import ComposeTemplates
import DockerEngine
import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import TemplateSamples
import Testing

/// Whatever passes `template check` is accepted by a real engine. Containers are created, never started.
@Suite("Checked templates on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason), .serialized)
struct TemplateAcceptanceTests {
    /// Templates that are made into engine objects; each takes about half a second.
    private static let samplesMax = 16
    /// Templates that are drawn to find as many that pass.
    private static let drawsMax: UInt64 = 600

    @Test("networks, volumes and containers of checked templates can be created")
    func acceptance() async throws {
        try await LiveEngine.with { live async throws in
            let engine = DockerContainerEngine(
                host: try DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"]), http: live.http,
                installation: "samples\(live.run)")
            let root = FileManager.default.temporaryDirectory.appending(path: "accepted-\(live.run)")
            defer { try? FileManager.default.removeItem(at: root) }
            var accepted = 0
            for seed in 0..<Self.drawsMax where accepted < Self.samplesMax {
                let folder = root.appending(path: "\(seed)")
                try write(GeneratedTemplate(seed: seed, image: LiveEngine.imageName), to: folder)
                let report = TemplateCommands.check(
                    folder: folder.path, fileName: "compose.yaml", shownName: "compose.yaml")
                guard report.isSuccess, let stack = try stack(folder, root: root.appending(path: "p\(seed)").path)
                else { continue }
                accepted += 1
                do {
                    try await create(stack, on: engine)
                } catch { Issue.record("seed \(seed): \(error)\n\(GeneratedTemplate(seed: seed).text)") }
                try await remove(stack.ref, from: engine)
            }
            #expect(accepted == Self.samplesMax)
        }
    }

    private func write(_ sample: GeneratedTemplate, to folder: URL) throws {
        for (path, text) in sample.files.merging(["compose.yaml": sample.text], uniquingKeysWith: { $1 }) {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    /// The stack of a project of this template, its folder filled; nil where it has no services.
    private func stack(_ folder: URL, root: String) throws -> DesiredStack? {
        let template = try StackTemplate(folder: folder.path)
        let renderer = ComposeStackRenderer(
            template: template,
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil, projectsFolder: root))
        let needs = try renderer.requirements(services: nil)
        guard !needs.services.isEmpty else { return nil }
        var generator = SystemRandomNumberGenerator()
        let now = Timestamp(milliseconds: 0)
        let ports = zip(needs.ports, UInt16(61_700)...).map { ($0, $1) }
        let record = ProjectRecord(
            number: 1, ref: ProjectRef(using: &generator), name: try ProjectName("demo"), organizationSlug: "default",
            region: "local", cloudProvider: "AWS", status: .provisioning, services: needs.services,
            leases: Leases(
                ports: Dictionary(uniqueKeysWithValues: ports), subnet: try #require(IPv4Network("10.210.255.192/27"))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
        let secrets = needs.secrets.map { ($0.name, Secret(String(repeating: "0", count: $0.length))) }
        let stack = try renderer.render(
            record, values: ProjectValues(secrets: Dictionary(uniqueKeysWithValues: secrets)))
        try TemplateProjectFolders(root: root).prepare(stack, files: renderer.projectFiles)
        return stack
    }

    private func create(_ stack: DesiredStack, on engine: DockerContainerEngine) async throws {
        for network in stack.networks { try await engine.perform(.createNetwork(network), for: stack.ref) }
        for volume in stack.volumes.values { try await engine.perform(.createVolume(volume), for: stack.ref) }
        for service in stack.services.values { try await engine.perform(.createContainer(service), for: stack.ref) }
    }

    private func remove(_ ref: ProjectRef, from engine: DockerContainerEngine) async throws {
        let rest = try await engine.observe(ref)
        for container in rest.containers {
            try await engine.perform(.removeContainer(id: container.id, service: container.service), for: ref)
        }
        for network in rest.networks {
            try await engine.perform(.removeNetwork(id: network.id, name: network.name), for: ref)
        }
        for volume in rest.volumes { try await engine.perform(.removeVolume(name: volume.name), for: ref) }
    }
}
