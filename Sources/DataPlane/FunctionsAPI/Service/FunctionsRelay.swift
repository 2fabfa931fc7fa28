public import DataPlaneCore

/// Leads to the server that runs the functions: code of the project's users shares no process and no container with the
/// other APIs.
public struct FunctionsRelay: DataPlaneService {
    /// Sends the head of a request to that server.
    public typealias Open = @Sendable (ServiceRequest) async throws(ExchangeFailure) -> any HTTPExchange

    private let keys: APIKeys
    private let open: Open

    /// A relay.
    ///
    /// - Parameter keys: the project's, which functions get as tokens.
    public init(keys: APIKeys, open: @escaping Open) {
        self.keys = keys
        self.open = open
    }

    /// None: bodies are passed on while they come in.
    public func bodyBytesMax(for request: ServiceRequest) -> Int { 0 }

    /// Refuses methods that no function is called with, and keys that count no more.
    public func refusal(ofHead request: ServiceRequest) -> ServiceResponse? {
        guard FunctionRoute.methods.contains(request.method) else { return FunctionRefusal.methodNotAllowed.response }
        return FunctionKeys.identified(request, by: keys) == nil ? FunctionRefusal.badToken.response : nil
    }

    /// None is taken whole.
    public func refusal(ofBody problem: BodyProblem, _ request: ServiceRequest) -> ServiceResponse {
        ServiceResponse(status: problem == .tooLarge ? 413 : 408)
    }

    /// Every request is streamed.
    public func respond(to request: ServiceRequest) async -> ServiceResponse { FunctionRefusal.notFound.response }

    /// All.
    public func streams(_ request: ServiceRequest) -> Bool { true }

    /// The request with its client's address, which is known here: what a client says of itself is not passed on.
    private static func addressed(_ request: ServiceRequest) -> ServiceRequest {
        var inner = request
        inner.headers.removeAll { $0.name == "x-forwarded-for" }
        if let peer = request.peer { inner.headers.append(("x-forwarded-for", peer)) }
        return inner
    }

    /// Answers by that server.
    public func respond(to request: ServiceRequest, body: ServiceBody, by answer: AnswerStream) async {
        guard let inner = FunctionKeys.identified(Self.addressed(request), by: keys) else {
            return answer.finish(with: FunctionRefusal.badToken.response)
        }
        let exchange: any HTTPExchange
        do throws(ExchangeFailure) { exchange = try await open(inner) } catch {
            return answer.finish(with: FunctionRefusal.unavailable.response)
        }
        let outcome = await Passing(exchange: exchange, answer: answer, method: request.method).run(body)
        switch outcome {
        case .whole: break
        case .late, .broken, .abandoned:
            if answer.hasBegun { answer.fail() } else { answer.finish(with: FunctionRefusal.unavailable.response) }
        }
    }
}
