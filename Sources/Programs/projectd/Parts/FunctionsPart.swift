import DataPlaneCore
import FoundationEssentials
import FunctionsAPI
import LogKit
import Logging
import PostgresKit
import ServiceLifecycle

/// The FUNCTIONS API and the processes of the functions.
struct FunctionsPart: ServicePart {
    static let prefix = "/functions/v1"

    let mount: Gateway.Mount
    let loops: [any ServiceLifecycle.Service]

    private let verifier: TokenVerifier

    init(_ settings: ServeSettings.Functions) throws {
        let limits = settings.configuration.limits
        let runtime = DenoRuntime(
            workFolder: settings.configuration.workFolder, limits: limits, output: Self.write)
        // Functions run as the same user, and Deno lets an import read every file of theirs.
        try ProcessPrivacy.begin()
        try runtime.prepare()
        verifier = settings.verifier
        let supervisor = FunctionSupervisor(
            settings.configuration, runtime: runtime, drawID: { UUID().uuidString.lowercased() },
            clock: { SteadyClock.seconds }, report: Self.write)
        let service = FunctionsService(
            folder: FunctionFolder(settings.folder, verifiesTokens: settings.verifiesTokens), supervisor: supervisor,
            verifier: settings.verifier, limits: limits, clock: { Date().timeIntervalSince1970 })
        mount = Gateway.Mount(prefix: Self.prefix, checksKeys: false, service: service)
        loops = [FunctionsLoop(supervisor: supervisor)]
    }

    /// What functions say is their logs, at every level of the server's own.
    private static let write: @Sendable (String, String, String) -> Void = { slug, executionID, text in
        var logger = Logger(label: "functions")
        logger.logLevel = .info
        logger.info("\(text)", metadata: ["function": "\(slug)", "execution_id": "\(executionID)"])
    }

    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void {
        let keys = try settings.checking(ServeSettings.Functions.secretNames)
        return { [verifier] in verifier.replaceKeys(keys) }
    }

    /// It needs nothing but itself.
    func isReady() async -> Bool { true }

    func close() async {}
}

/// Looks after the processes, and ends them with the server.
private struct FunctionsLoop: ServiceLifecycle.Service {
    let supervisor: FunctionSupervisor

    func run() async throws { await cancelWhenGracefulShutdown { await supervisor.run() } }
}

/// The way to the server that runs the functions.
struct FunctionsRelayPart: ServicePart {
    let mount: Gateway.Mount
    let loops: [any ServiceLifecycle.Service] = []

    init(_ server: ServerAddress, keys: APIKeys) {
        let client = UpstreamClient()
        let relay = FunctionsRelay(keys: keys) { request async throws(ExchangeFailure) in
            try await client.open(request, at: .host(server.host, port: server.port))
        }
        mount = Gateway.Mount(prefix: FunctionsPart.prefix, checksKeys: false, service: relay)
    }

    func tokenKeys(from settings: TokenKeySettings) throws(SettingProblem) -> @Sendable () -> Void { {} }

    /// The other APIs answer without it.
    func isReady() async -> Bool { true }

    func close() async {}
}
