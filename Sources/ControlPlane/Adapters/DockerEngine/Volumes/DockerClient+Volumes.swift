extension DockerClient {
    /// Creates a volume. Maps to `POST /volumes/create`.
    ///
    /// The engine does not refuse an existing name: it returns the existing volume, whose labels may differ from the
    /// requested ones. Compare the response's labels before using it.
    public func createVolume(_ spec: VolumeSpec) async throws(DockerError) -> Volume {
        _ = try ObjectName.segment(spec.name, of: "volume name")
        var call = EngineCall(method: "POST", path: "/volumes/create")
        call.timeout = DockerLimits.changeTimeout
        try call.setBody(spec)
        return try await wire.document(Volume.self, call)
    }

    /// A volume. Maps to `GET /volumes/{name}`.
    public func inspectVolume(_ name: String) async throws(DockerError) -> Volume {
        let path = "/volumes/\(try ObjectName.segment(name, of: "volume"))"
        return try await wire.document(Volume.self, EngineCall(method: "GET", path: path))
    }

    /// The engine's volumes. Maps to `GET /volumes`.
    public func listVolumes(labels: [LabelFilter] = []) async throws(DockerError) -> [Volume] {
        struct List: Decodable {
            let volumes: [Volume]?
            enum CodingKeys: String, CodingKey { case volumes = "Volumes" }
        }
        var call = EngineCall(method: "GET", path: "/volumes")
        try call.setFilters(["label": labels.map(\.text)])
        return try await wire.document(List.self, call).volumes ?? []
    }

    /// Removes a volume with everything in it. Maps to `DELETE /volumes/{name}`.
    ///
    /// - Throws: an error with `isInUse` while a container, running or not, has it mounted.
    public func removeVolume(_ name: String) async throws(DockerError) {
        var call = EngineCall(method: "DELETE", path: "/volumes/\(try ObjectName.segment(name, of: "volume"))")
        call.timeout = DockerLimits.removeTimeout
        try await wire.send(call)
    }
}

/// A volume to create.
public struct VolumeSpec: Sendable, Equatable, Encodable {
    /// Its name; unique on the engine.
    public var name: String
    /// The driver, `local` unless said otherwise.
    public var driver: String
    public var driverOptions: [String: String]
    public var labels: [String: String]

    /// A volume with a name; everything else has a default.
    public init(
        name: String, driver: String = "local", driverOptions: [String: String] = [:], labels: [String: String] = [:]
    ) {
        self.name = name
        self.driver = driver
        self.driverOptions = driverOptions
        self.labels = labels
    }

    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case driver = "Driver"
        case driverOptions = "DriverOpts"
        case labels = "Labels"
    }
}

/// A volume as the engine reports it.
public struct Volume: Sendable, Equatable, Decodable {
    public let name: String
    public let driver: String
    /// The path of its files on the engine's host.
    public let mountPoint: String
    public let labels: [String: String]
    /// When it was created.
    public let created: EngineTimestamp?

    enum CodingKeys: String, CodingKey {
        case name = "Name"
        case driver = "Driver"
        case mountPoint = "Mountpoint"
        case labels = "Labels"
        case created = "CreatedAt"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        driver = try container.value(.driver, default: "")
        mountPoint = try container.value(.mountPoint, default: "")
        labels = try container.value(.labels, default: [:])
        created = try container.decodeIfPresent(EngineTimestamp.self, forKey: .created)
    }
}
