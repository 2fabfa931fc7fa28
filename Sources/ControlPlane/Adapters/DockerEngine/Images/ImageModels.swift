/// An image, as the engine inspects it.
public struct ImageInspection: Sendable, Equatable, Decodable {
    /// `sha256:…`.
    public let id: String
    /// Its names with tags.
    public let tags: [String]
    /// Its names with the digests under which registries know it.
    public let digests: [String]
    /// The size of all its layers.
    public let sizeBytes: Int64
    /// The processor architecture in Go's words.
    public let architecture: String
    public let operatingSystem: String
    /// The labels that it was built with.
    public let labels: [String: String]
    /// The ports that it says it listens on, for instance `5432/tcp`.
    public let exposedPorts: [String]
    /// The paths that it declares as volumes. A container gets an anonymous volume for each that is not mounted.
    public let volumes: [String]

    enum CodingKeys: String, CodingKey {
        case id = "Id"
        case tags = "RepoTags"
        case digests = "RepoDigests"
        case sizeBytes = "Size"
        case architecture = "Architecture"
        case operatingSystem = "Os"
        case config = "Config"
    }

    private struct Config: Decodable {
        struct Nothing: Decodable {}
        let labels: [String: String]?
        let exposedPorts: [String: Nothing]?
        let volumes: [String: Nothing]?

        enum CodingKeys: String, CodingKey {
            case labels = "Labels"
            case exposedPorts = "ExposedPorts"
            case volumes = "Volumes"
        }
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        tags = try container.value(.tags, default: [])
        digests = try container.value(.digests, default: [])
        sizeBytes = try container.value(.sizeBytes, default: 0)
        architecture = try container.value(.architecture, default: "")
        operatingSystem = try container.value(.operatingSystem, default: "")
        let config = try container.decodeIfPresent(Config.self, forKey: .config)
        labels = config?.labels ?? [:]
        exposedPorts = (config?.exposedPorts ?? [:]).keys.sorted()
        volumes = (config?.volumes ?? [:]).keys.sorted()
    }
}

/// One line of a pull's progress.
public struct PullProgress: Sendable, Equatable, Decodable {
    /// The progress text, for instance `Downloading`, `Pull complete`, `Digest: sha256:…`.
    public let status: String
    /// The layer it is about, if it is about one.
    public let layer: String?
    /// How much of the layer is done.
    public let currentBytes: Int64?
    /// How large the layer is, where that is known.
    public let totalBytes: Int64?
    /// The failure that ends the pull; the stream throws it.
    let failure: String?

    enum CodingKeys: String, CodingKey {
        case status, id, progressDetail, error
    }

    private struct Detail: Decodable {
        let current: Int64?
        let total: Int64?
    }

    /// Reads one line.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        status = try container.value(.status, default: "")
        layer = try container.decodeIfPresent(String.self, forKey: .id)
        failure = try container.decodeIfPresent(String.self, forKey: .error)
        let detail = try container.decodeIfPresent(Detail.self, forKey: .progressDetail)
        currentBytes = detail?.current
        totalBytes = detail?.total
    }
}
