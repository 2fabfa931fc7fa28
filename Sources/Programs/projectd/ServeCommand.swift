import ArgumentParser
import FoundationEssentials
import HTTPBounds
import LogKit
import Logging
import ServiceLifecycle
import UnixSignals

/// `projectd serve`
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the APIs of a project.", discussion: help)

    /// Services that can be served.
    enum Service: String, CaseIterable, ExpressibleByArgument {
        case auth, functions, realtime, rest, storage
    }

    /// Longest wait for what is being answered at the end; then it is cut off. Less than the engine waits.
    private static let shutdownMax: Duration = .seconds(7)

    @Option(help: "Serve only this service: auth, functions, realtime, rest or storage.")
    var only: Service?

    func run() async throws {
        LoggingSystem.bootstrap { label in StreamLogHandler(label: label, stream: LogStream()) }
        let settings: ServeSettings
        do throws(SettingProblem) {
            settings = try ServeSettings(
                environment: ProcessInfo.processInfo.environment,
                services: only.map { [$0] } ?? Set(Service.allCases))
        } catch { throw ValidationError(error.description) }
        var logger = Logger(label: "projectd")
        logger.logLevel = settings.logLevel
        let answers = ByteBudget(bytesMax: settings.http.answerBytesInFlightMax)
        let parts = try await ServiceParts(settings, answers: answers, logger: logger)
        let services = try Self.services(parts, settings, answers: answers, logger: logger)
        // Without a name of its own a service is named by all that it holds, keys and passwords included.
        let named = services.map {
            ServiceGroupConfiguration.ServiceConfiguration(service: $0, serviceName: "\(type(of: $0))")
        }
        var configuration = ServiceGroupConfiguration(
            services: named, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.shutdownMax
        let group = ServiceGroup(configuration: configuration)
        try await group.run()
        await parts.close()
        logger.notice("stopped")
    }

    /// What runs until the program ends; the servers stop first.
    private static func services(
        _ parts: ServiceParts, _ settings: ServeSettings, answers: ByteBudget, logger: Logger
    ) throws -> [any ServiceLifecycle.Service] {
        guard let face = parts.face else { throw ValidationError("there is no service to serve") }
        var services = parts.loops
        services.append(TokenKeyLoop(settings: settings.tokenKeys, parts: parts, logger: logger))
        let streamed = StreamedRequests()
        services.append(streamed)
        services.append(
            APIServer(
                service: face, sockets: parts.sockets, address: settings.address, limits: settings.http,
                answers: answers, streamed: streamed, logger: logger))
        if let admin = settings.adminAddress {
            services.append(AdminServer(isReady: { await parts.isReady() }, address: admin, logger: logger))
        }
        return services
    }
}
