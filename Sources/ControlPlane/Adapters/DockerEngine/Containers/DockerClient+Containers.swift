extension DockerClient {
    /// Creates a container without starting it. Maps to `POST /containers/create`.
    ///
    /// - Throws: an error with `isNameInUse` or `isNoSuchImage`.
    public func createContainer(_ spec: ContainerConfig) async throws(DockerError) -> CreatedContainer {
        var call = EngineCall(method: "POST", path: "/containers/create")
        call.query = [("name", try ObjectName.segment(spec.name, of: "container name"))]
        call.timeout = DockerLimits.changeTimeout
        try call.setBody(spec)
        return try await wire.document(CreatedContainer.self, call)
    }

    /// Starts a container. Maps to `POST /containers/{id}/start`.
    ///
    /// - Returns: `unchanged` if it ran already.
    /// - Throws: an error with `hostPortConflict` or `isAddressInUse` when its lease turns out to be taken.
    @discardableResult
    public func startContainer(_ id: String) async throws(DockerError) -> ChangeOutcome {
        var call = try containerCall("POST", id: id, rest: "/start")
        call.timeout = DockerLimits.startTimeout
        return try await wire.change(call)
    }

    /// Asks a container to stop, and kills it when it does not. Maps to `POST /containers/{id}/stop`.
    ///
    /// - Parameter timeoutSeconds: how long it may take to obey; nil means the container's own `StopTimeout`. Give it
    ///   when that is longer than a minute, since the call's deadline follows from it.
    /// - Returns: `unchanged` if it did not run.
    @discardableResult
    public func stopContainer(_ id: String, timeoutSeconds: Int? = nil) async throws(DockerError) -> ChangeOutcome {
        try await wire.change(try stoppingCall("/stop", id: id, timeoutSeconds: timeoutSeconds))
    }

    /// Stops and starts a container. Maps to `POST /containers/{id}/restart`.
    ///
    /// - Parameter timeoutSeconds: as with `stopContainer`.
    public func restartContainer(_ id: String, timeoutSeconds: Int? = nil) async throws(DockerError) {
        var call = try stoppingCall("/restart", id: id, timeoutSeconds: timeoutSeconds)
        call.timeout += DockerLimits.startTimeout
        try await wire.send(call)
    }

    /// Removes a container. Maps to `DELETE /containers/{id}`.
    ///
    /// - Parameters:
    ///   - force: whether to kill it first if it runs.
    ///   - removesAnonymousVolumes: whether its anonymous volumes are removed.
    public func removeContainer(
        _ id: String, force: Bool = false, removesAnonymousVolumes: Bool = true
    ) async throws(DockerError) {
        var call = try containerCall("DELETE", id: id)
        call.query = [("force", "\(force)"), ("v", "\(removesAnonymousVolumes)")]
        call.timeout = DockerLimits.removeTimeout
        call.isLong = true
        try await wire.send(call)
    }

    /// Everything about one container. Maps to `GET /containers/{id}/json`.
    public func inspectContainer(_ id: String) async throws(DockerError) -> ContainerInspection {
        try await wire.document(ContainerInspection.self, try containerCall("GET", id: id, rest: "/json"))
    }

    /// Containers in every state, or only those that run. Maps to `GET /containers/json`.
    ///
    /// - Parameter labels: all of these must be there.
    public func listContainers(
        labels: [LabelFilter] = [], includesStopped: Bool = true
    ) async throws(DockerError) -> [ContainerSummary] {
        var call = EngineCall(method: "GET", path: "/containers/json")
        call.query = [("all", "\(includesStopped)")]
        try call.setFilters(["label": labels.map(\.text)])
        return try await wire.document([ContainerSummary].self, call)
    }

    /// The list of all containers of every installation, with the fields that show a change.
    func listContainersBriefly() async throws(DockerError) -> EngineStream<ContainerListItem> {
        var call = EngineCall(method: "GET", path: "/containers/json")
        call.query = [("all", "true")]
        let stream = try await wire.stream(call, totalTimeout: DockerLimits.queryTimeout)
        return EngineStream(stream, decoder: JSONArrayDecoder<ContainerListItem>(call: call.label))
    }

    func containerCall(_ method: String, id: String, rest: String = "") throws(DockerError) -> EngineCall {
        EngineCall(method: method, path: "/containers/\(try ObjectName.segment(id, of: "container"))\(rest)")
    }

    private func stoppingCall(
        _ rest: String, id: String, timeoutSeconds: Int?
    ) throws(DockerError) -> EngineCall {
        var call = try containerCall("POST", id: id, rest: rest)
        call.query = timeoutSeconds.map { [("t", "\($0)")] } ?? []
        call.timeout =
            DockerLimits.stopMargin + (timeoutSeconds.map { .seconds($0) } ?? DockerLimits.engineStopTimeout)
        call.isLong = true
        return call
    }
}

/// A container that has just been created.
public struct CreatedContainer: Sendable, Equatable, Decodable {
    /// Its identifier.
    public let id: String
    /// The engine's warnings, for instance about a limit that the kernel does not support.
    public let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case warnings = "Warnings"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        warnings = try container.value(.warnings, default: [])
    }
}
