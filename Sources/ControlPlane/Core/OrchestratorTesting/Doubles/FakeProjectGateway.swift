public import Orchestrator
import Synchronization

/// A project gateway that answers what a test says, and remembers what it was asked.
public final class FakeProjectGateway: ProjectGateway {
    public struct Call: Sendable {
        public let request: GatewayRequest
        /// The gateway that it was for.
        public let target: GatewayTarget
    }

    /// Decides on the answer to a call.
    public typealias Answer = @Sendable (Call) throws(ProjectGatewayError) -> GatewayAnswer

    private let answer: Mutex<Answer>
    private let recorded = Mutex<[Call]>([])

    /// A gateway; without a closure it answers every request with 404.
    public init(answer: @escaping Answer = { _ in GatewayAnswer(status: 404) }) {
        self.answer = Mutex(answer)
    }

    /// Answers differently from now on.
    public func setAnswer(_ answer: @escaping Answer) { self.answer.withLock { $0 = answer } }

    /// The calls so far.
    public var calls: [Call] { recorded.withLock { $0 } }

    /// Records the call and answers it.
    public func send(
        _ request: GatewayRequest, to target: GatewayTarget
    ) async throws(ProjectGatewayError) -> GatewayAnswer {
        let call = Call(request: request, target: target)
        recorded.withLock { $0.append(call) }
        return try answer.withLock { $0 }(call)
    }
}
