public import DataPlaneCore
import Synchronization

/// The FUNCTIONS API: `/{name}` and all below it is answered by the function of that name.
public struct FunctionsService: DataPlaneService {
    /// How often a request looks again for a function that was deployed while its process started.
    private static let triesMax = 3

    private let folder: FunctionFolder
    private let supervisor: FunctionSupervisor
    private let verifier: TokenVerifier
    private let limits: FunctionLimits
    private let clock: @Sendable () -> Double

    /// A service.
    ///
    /// - Parameter clock: seconds since 1970.
    public init(
        folder: FunctionFolder, supervisor: FunctionSupervisor, verifier: TokenVerifier, limits: FunctionLimits,
        clock: @escaping @Sendable () -> Double
    ) {
        self.folder = folder
        self.supervisor = supervisor
        self.verifier = verifier
        self.limits = limits
        self.clock = clock
    }

    /// None: bodies are passed on while they come in.
    public func bodyBytesMax(for request: ServiceRequest) -> Int { 0 }

    /// What is refused whatever the function is.
    public func refusal(ofHead request: ServiceRequest) -> ServiceResponse? {
        guard request.path != FunctionRoute.healthPath else { return nil }
        do throws(FunctionRefusal) { _ = try checked(request) } catch { return error.response }
        return nil
    }

    /// None is taken whole.
    public func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse {
        ServiceResponse(status: problem == .tooLarge ? 413 : 408)
    }

    /// Answers the probe; every other request is streamed.
    public func respond(to request: ServiceRequest) async -> ServiceResponse {
        guard request.path != FunctionRoute.healthPath else {
            return ServiceResponse(status: 200, json: .object([.init("message", .string("ok"))]))
        }
        return refusal(ofHead: request) ?? FunctionRefusal.notFound.response
    }

    /// Everything but the probe.
    public func streams(_ request: ServiceRequest) -> Bool { request.path != FunctionRoute.healthPath }

    /// Answers by the function.
    public func respond(to request: ServiceRequest, body: ServiceBody, by answer: AnswerStream) async {
        let lease: FunctionSupervisor.Lease
        let exchange: any HTTPExchange
        do throws(FunctionRefusal) { (lease, exchange) = try await self.exchange(for: request) } catch {
            return answer.finish(with: error.response)
        }
        let passing = Passing(
            exchange: exchange, answer: answer, method: request.method, executionID: lease.id,
            secondsMax: limits.answerSecondsMax)
        let outcome = await passing.run(body)
        await conclude(answer, of: lease.id, after: outcome)
        await supervisor.leave(lease.id, answered: answer.hasBegun && outcome != .broken)
    }

    private func conclude(_ answer: AnswerStream, of id: String, after outcome: Passing.Outcome) async {
        switch outcome {
        case .whole: break
        case .late:
            await supervisor.retire(id)
            answer.finish(with: FunctionRefusal.timedOut.response)
        case .broken:
            if answer.hasBegun { answer.fail() } else { answer.finish(with: await supervisor.verdict(id).response) }
        case .abandoned: answer.fail()
        }
    }

    /// A request that has begun in a process. One that has just ended is no reason to refuse: nothing was sent to it.
    private func exchange(
        for request: ServiceRequest
    ) async throws(FunctionRefusal) -> (FunctionSupervisor.Lease, any HTTPExchange) {
        var refusal = FunctionRefusal.unavailable
        for _ in 0..<Self.triesMax {
            let lease = try await self.lease(for: request)
            do throws(ExchangeFailure) { return (lease, try await lease.process.open(request)) } catch {
                refusal = await supervisor.verdict(lease.id)
                await supervisor.leave(lease.id, answered: false)
            }
        }
        throw refusal
    }

    /// A place in a process of the version that lies in the folder once the process has started.
    private func lease(for request: ServiceRequest) async throws(FunctionRefusal) -> FunctionSupervisor.Lease {
        for _ in 0..<Self.triesMax {
            let version = try checked(request)
            let lease = try await supervisor.lease(version)
            if folder.version(of: version.slug)?.stamp == version.stamp { return lease }
            await supervisor.retire(lease.id)
            await supervisor.leave(lease.id, answered: false)
        }
        throw .unavailable
    }

    private func checked(_ request: ServiceRequest) throws(FunctionRefusal) -> FunctionVersion {
        let route = try FunctionRoute(method: request.method, path: request.path)
        guard let version = folder.version(of: route.slug) else { throw .notFound }
        if version.verifiesTokens { try TokenCheck.check(request, verifier: verifier, at: clock()) }
        guard request.header("upgrade")?.lowercased() != "websocket" else { throw .noWebSockets }
        return version
    }
}
