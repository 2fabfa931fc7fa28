import CurlKit

extension DockerClient {
    /// Whether the engine answers, in the one word that it has for that. Maps to `GET /_ping`.
    public func ping() async throws(DockerError) {
        let call = EngineCall(method: "GET", path: "/_ping")
        let answer = try await wire.send(call)
        guard answer.body == Array("OK".utf8) else { throw .decoding(reason: "it is not OK", call: call.label) }
    }

    /// The engine's version. Maps to `GET /version`.
    public func version() async throws(DockerError) -> EngineVersion {
        try await wire.document(EngineVersion.self, EngineCall(method: "GET", path: "/version"))
    }

    /// The engine's resources and configuration. Maps to `GET /info`.
    public func info() async throws(DockerError) -> EngineInfo {
        try await wire.document(EngineInfo.self, EngineCall(method: "GET", path: "/info"))
    }
}

/// An engine's version.
public struct EngineVersion: Sendable, Equatable, Decodable {
    /// The engine's own version, for instance `27.3.1`.
    public let version: String
    /// The newest API version that it speaks.
    public let apiVersion: String
    /// The oldest API version that it speaks, if it says.
    public let minimumAPIVersion: String?
    /// The operating system, `linux`.
    public let operatingSystem: String
    /// The processor architecture in Go's words, for instance `amd64`.
    public let architecture: String

    enum CodingKeys: String, CodingKey {
        case version = "Version"
        case apiVersion = "ApiVersion"
        case minimumAPIVersion = "MinAPIVersion"
        case operatingSystem = "Os"
        case architecture = "Arch"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.value(.version, default: "")
        apiVersion = try container.decode(String.self, forKey: .apiVersion)
        minimumAPIVersion = try container.decodeIfPresent(String.self, forKey: .minimumAPIVersion)
        operatingSystem = try container.value(.operatingSystem, default: "")
        architecture = try container.value(.architecture, default: "")
    }
}

/// An engine's resources and configuration.
public struct EngineInfo: Sendable, Equatable, Decodable {
    /// A pool from which the engine takes subnets for networks that name none.
    public struct AddressPool: Sendable, Equatable, Decodable {
        /// The pool, for instance `172.17.0.0/12`.
        public let base: String
        /// The prefix length of each subnet.
        public let size: Int

        enum CodingKeys: String, CodingKey {
            case base = "Base"
            case size = "Size"
        }
    }

    /// The engine's own identifier.
    public let id: String
    /// The host's name.
    public let name: String
    /// The engine's version.
    public let serverVersion: String
    /// The processors that it can use.
    public let processors: Int
    /// The host's memory.
    public let memoryBytes: Int64
    /// The folder of images, volumes and containers.
    public let rootDirectory: String
    /// The log driver for containers that name none.
    public let loggingDriver: String
    /// `1` or `2`.
    public let cgroupVersion: String
    /// For instance `name=seccomp,profile=default`; rootless engines have `name=rootless`.
    public let securityOptions: [String]
    /// The configured pools; empty means the built-in ones.
    public let addressPools: [AddressPool]
    /// The engine's warnings, for instance about limits that the kernel does not support.
    public let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case id = "ID"
        case name = "Name"
        case serverVersion = "ServerVersion"
        case processors = "NCPU"
        case memoryBytes = "MemTotal"
        case rootDirectory = "DockerRootDir"
        case loggingDriver = "LoggingDriver"
        case cgroupVersion = "CgroupVersion"
        case securityOptions = "SecurityOptions"
        case addressPools = "DefaultAddressPools"
        case warnings = "Warnings"
    }

    /// Reads the engine's answer.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.value(.id, default: "")
        name = try container.value(.name, default: "")
        serverVersion = try container.value(.serverVersion, default: "")
        processors = try container.value(.processors, default: 0)
        memoryBytes = try container.value(.memoryBytes, default: 0)
        rootDirectory = try container.value(.rootDirectory, default: "")
        loggingDriver = try container.value(.loggingDriver, default: "")
        cgroupVersion = try container.value(.cgroupVersion, default: "")
        securityOptions = try container.value(.securityOptions, default: [])
        addressPools = try container.value(.addressPools, default: [])
        warnings = try container.value(.warnings, default: [])
    }
}
