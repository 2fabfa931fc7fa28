import CurlKit
import DockerEngine
import Foundation
import Testing

/// The real engine that the live suites run against, and the objects that they make on it.
///
/// Every object has a name that begins with `prefix` and a label of its own run, and is removed by its exact name.
struct LiveEngine: Sendable {
    static let imageName = "smtest-docker-busybox:1"
    static let prefix = "smtest-docker-"
    static let runLabel = "smtest.docker.run"
    static let busyboxPath = "/usr/bin/busybox"

    /// Whether the live suites can run, which needs an engine's socket and a static busybox for the test image.
    static let isAvailable: Bool = {
        guard let host = try? DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"]) else {
            return false
        }
        return access(host.socketPath, R_OK | W_OK) == 0 && access(busyboxPath, X_OK) == 0
    }()
    static let reason: Comment = "needs a Docker Engine's socket and /usr/bin/busybox (package busybox-static)"

    let client: DockerClient
    let http: HTTPClient
    /// Distinguishes this test's objects from those of others.
    let run: String

    func name(_ suffix: String) -> String { "\(Self.prefix)\(run)-\(suffix)" }
    var labels: [String: String] { [Self.runLabel: run] }
    var filter: [LabelFilter] { [.equals(Self.runLabel, run)] }

    /// A container that runs `sh -c script`, labelled for removal.
    func spec(_ suffix: String, _ script: String) -> ContainerConfig {
        ContainerConfig(
            name: name(suffix), image: Self.imageName, command: ["/bin/sh", "-c", script], labels: labels,
            stopTimeoutSeconds: 1)
    }

    /// Creates and starts a container.
    func start(_ spec: ContainerConfig) async throws -> String {
        let id = try await client.createContainer(spec).id
        try await client.startContainer(id)
        return id
    }

    /// Runs a test, then removes what it made, whatever happens, and checks that nothing is left.
    static func with(_ test: (LiveEngine) async throws -> Void) async throws {
        let http = try HTTPClient()
        let host = try DockerHost(parsing: ProcessInfo.processInfo.environment["DOCKER_HOST"])
        let client = try await DockerClient.connect(to: host, http: http)
        let engine = LiveEngine(client: client, http: http, run: String(UInt32.random(in: 0...UInt32.max), radix: 36))
        let outcome: Result<Void, any Error>
        do {
            try await TestImage.shared.make(client)
            try await test(engine)
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await engine.removeEverything()
        await http.shutdown()
        try outcome.get()
    }

    private func removeEverything() async throws {
        for container in try await client.listContainers(labels: filter) {
            try await client.removeContainer(container.id, force: true)
        }
        for network in try await client.listNetworks(labels: filter) { try await client.removeNetwork(network.id) }
        for volume in try await client.listVolumes(labels: filter) { try await client.removeVolume(volume.name) }
        #expect(try await client.listContainers(labels: filter).isEmpty)
        #expect(try await client.listNetworks(labels: filter).isEmpty)
        #expect(try await client.listVolumes(labels: filter).isEmpty)
    }

    static func rootFileSystem() throws -> [UInt8] {
        let busybox = Array(try Data(contentsOf: URL(fileURLWithPath: busyboxPath)))
        let applets = ["sh", "cat", "echo", "sleep", "id", "nc", "ls", "stat", "test", "head", "yes", "pwd", "env"]
        return try TarArchive.write(
            ["bin", "etc", "tmp", "data"].map { TarEntry(path: $0, kind: .directory, mode: 0o755) }
                + [TarEntry(path: "bin/busybox", kind: .file(busybox), mode: 0o755)]
                + applets.map { TarEntry(path: "bin/\($0)", kind: .symbolicLink(target: "busybox"), mode: 0o777) })
    }
}

/// Makes the test image once, however many tests want it. It stays for the next run: it is small, and importing is
/// slow.
actor TestImage {
    static let shared = TestImage()
    private var making: Task<Void, any Error>?

    func make(_ client: DockerClient) async throws {
        let task =
            making
            ?? Task {
                do throws(DockerError) {
                    _ = try await client.inspectImage(LiveEngine.imageName)
                } catch {
                    guard error.isNoSuchImage else { throw error }
                    _ = try await client.importImage(
                        try LiveEngine.rootFileSystem(), as: ImageReference(LiveEngine.imageName),
                        changes: ["CMD [\"/bin/sh\"]", "LABEL smtest.image=busybox", "ENV PATH=/bin"])
                }
            }
        making = task
        try await task.value
    }
}

/// The error of the engine that `body` throws; records an issue if it throws none.
func dockerError(_ body: () async throws -> Void) async -> DockerError? {
    do {
        try await body()
        Issue.record("no error was thrown")
        return nil
    } catch let error as DockerError {
        return error
    } catch {
        Issue.record("another kind of error was thrown: \(error)")
        return nil
    }
}
