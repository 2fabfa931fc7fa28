public import CurlKit
public import Orchestrator
public import ProjectModel
public import Reconciler

/// The Docker Engine as ``Orchestrator/ContainerEngine``. It sees and touches objects of one installation only.
public final class DockerContainerEngine: ContainerEngine {
    let connection: EngineConnection
    let installation: String
    let inspections = InspectCache()
    let registries: any RegistryCredentials
    /// How far its pulls are.
    public let pulls = ImagePulls()

    /// An adapter for one installation. Nothing is asked of the engine until the first call.
    ///
    /// - Parameters:
    ///   - registries: credentials for the registries that images are pulled from.
    ///   - mayChange: asked right before each call that changes something, also where an operation takes several calls;
    ///     where it says no, the operation throws ``Orchestrator/EngineError/notActive``.
    ///   - metrics: counts the calls.
    public init(
        host: DockerHost, http: HTTPClient, installation: String,
        registries: any RegistryCredentials = AnonymousRegistries(),
        mayChange: @escaping @Sendable () -> Bool = { true }, metrics: OutcomeMetrics? = nil
    ) {
        connection = EngineConnection(host: host, http: http, mayChange: mayChange, metrics: metrics)
        self.installation = installation
        self.registries = registries
    }

    /// Lists by label, and inspects each container that has changed since the last observation.
    public func observe(_ ref: ProjectRef) async throws(EngineError) -> ObservedStack {
        try await translated { client in
            let labels = StackLabels.filter(installation: self.installation, ref)
            let look = self.inspections.beginLook(at: ref)
            async let listedVolumes = client.listVolumes(labels: labels)
            async let listedContainers = client.listContainers(labels: labels)
            let networks = try await client.listNetworks(labels: labels)
            let (volumes, summaries) = (try await listedVolumes, try await listedContainers)
            let found = try await self.inspected(summaries, of: ref, on: networks, client)
            self.inspections.keep(found, of: ref, from: look)
            return ObservedStack(
                networks: networks.map(ObservedNetwork.init(_:)), volumes: volumes.map(ObservedVolume.init(_:)),
                containers: found.map(\.container).sorted { $0.id < $1.id },
                fingerprint: StackFingerprint(runs: summaries.map(\.run), networks: networks, volumes: volumes))
        }
    }

    /// Inspects each image.
    public func missingImages(_ images: Set<String>) async throws(EngineError) -> Set<String> {
        try await translated { client in
            try await withThrowingTaskGroup(of: String?.self) { group in
                for image in images {
                    group.addTask { () async throws -> String? in
                        do {
                            _ = try await client.inspectImage(image)
                            return nil
                        } catch let error as DockerError where error.isNotFound || error.isMeaningless {
                            // What is no name of an image is found out by the pull, which is about one service.
                            return image
                        }
                    }
                }
                return try await group.reduce(into: Set()) { if let image = $1 { $0.insert(image) } }
            }
        }
    }

    /// Reads the end of a container's log.
    public func logTail(ofContainer id: String, lines: Int) async throws(EngineError) -> LogTail {
        try await translated { client in
            var log = LogPieces()
            for piece in try await client.logs(of: id, LogQuery(tailLines: lines)).pieces { log.add(piece) }
            return log.tail
        }
    }

    /// Runs an exec to its end.
    public func runCommand(_ command: [String], inContainer id: String) async throws(EngineError) -> Int {
        let code = try await translated { client in try await client.runExec(in: id, ExecSpec(command)).exitCode }
        guard let code else { throw .refused(status: nil, message: "the command's exit code is not known") }
        return code
    }

    /// Makes one round trip.
    public func ping() async throws(EngineError) {
        try await translated { client in try await client.ping() }
    }

    /// Runs calls and gives their errors the meaning that the orchestration knows.
    func translated<Value: Sendable>(
        _ body: @Sendable (DockerClient) async throws -> Value
    ) async throws(EngineError) -> Value {
        do {
            return try await body(try await connection.client())
        } catch let error as DockerError {
            // The engine that comes back may be another version.
            if error.isEngineUnavailable || error.statusCode == 400 { await connection.forget() }
            throw EngineError(error)
        } catch let error as EngineError {
            throw error
        } catch { throw .unavailable("\(error)") }
    }
}

/// The connection to the engine, made at first use: the manager starts whether or not the engine is up.
actor EngineConnection {
    private let host: DockerHost
    private let http: HTTPClient
    private var present: DockerClient?
    private var knownProcessors: Int?
    private let mayChange: @Sendable () -> Bool

    private let metrics: OutcomeMetrics?

    init(
        host: DockerHost, http: HTTPClient, mayChange: @escaping @Sendable () -> Bool, metrics: OutcomeMetrics? = nil
    ) {
        self.metrics = metrics
        self.host = host
        self.http = http
        self.mayChange = mayChange
    }

    /// Has the version agreed on again at the next call.
    func forget() { (present, knownProcessors) = (nil, nil) }

    /// How many processors the engine has.
    func processors() async throws(DockerError) -> Int {
        if let knownProcessors { return knownProcessors }
        let count = try await client().info().processors
        knownProcessors = count
        return count
    }

    /// The client, once a version has been agreed on.
    func client() async throws(DockerError) -> DockerClient {
        if let present { return present }
        var client = try await DockerClient.connect(to: host, http: http, metrics: metrics)
        client.mayChange = mayChange
        present = client
        return client
    }
}
