public import CurlKit
import FoundationEssentials
import Orchestrator

/// A typed client of the Docker Engine API.
///
/// Each resource has a file of its own (`DockerClient+Containers.swift` …). A method makes one call, keeps to the
/// bounds of `DockerLimits`, retries nothing, and throws `DockerError`. Cancelling the calling task closes the
/// connection; for a mutating call, this leaves open whether the engine has performed it.
public struct DockerClient: Sendable {
    /// The engine's address.
    public let host: DockerHost
    /// What the engine said about itself when the connection was made.
    public let engine: EngineVersion
    /// The version of the API that all calls use.
    public let apiVersion: APIVersion
    let http: HTTPClient
    /// Asked right before each call that changes something; where it says no, the call throws `fenced`.
    var mayChange: @Sendable () -> Bool = { true }
    /// Counts the calls.
    var metrics: OutcomeMetrics?

    /// Negotiates the API version with the engine.
    ///
    /// - Parameter http: makes the connections; the caller shuts it down.
    /// - Throws: `unsupportedEngine` when the versions do not meet, `transport` when no engine answers.
    public static func connect(to host: DockerHost, http: HTTPClient) async throws(DockerError) -> DockerClient {
        try await connect(to: host, http: http, metrics: nil)
    }

    static func connect(
        to host: DockerHost, http: HTTPClient, metrics: OutcomeMetrics?
    ) async throws(DockerError) -> DockerClient {
        let wire = EngineWire(host: host, prefix: "", http: http, metrics: metrics)
        let version = try await wire.document(EngineVersion.self, EngineCall(method: "GET", path: "/version"))
        guard let engineAPI = APIVersion(version.apiVersion) else {
            throw .decoding(reason: "\"\(version.apiVersion.prefix(20))\" is no API version", call: "GET /version")
        }
        let apiVersion = try APIVersion.negotiate(
            engine: engineAPI, engineMinimum: version.minimumAPIVersion.flatMap { APIVersion($0) })
        return DockerClient(host: host, engine: version, apiVersion: apiVersion, http: http, metrics: metrics)
    }

    var wire: EngineWire {
        EngineWire(host: host, prefix: "/v\(apiVersion)", http: http, mayChange: mayChange, metrics: metrics)
    }
}
