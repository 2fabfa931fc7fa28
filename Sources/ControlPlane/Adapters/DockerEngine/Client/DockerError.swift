public import CurlKit

/// Why a call to the Docker Engine did not do what it says.
public enum DockerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No complete answer came; what the engine did is unknown unless `requestWasNotSent` is true.
    case transport(HTTPTransportError)
    /// The engine answered with an error status. `message` holds the engine's words.
    case status(Int, message: String, call: String)
    /// The engine reported a failure inside an answer that had begun well, as a pull does.
    case reported(message: String, call: String)
    /// The answer does not have the expected form.
    case decoding(reason: String, call: String)
    /// The call was not made, since an argument could not be sent safely.
    case invalidArgument(String)
    /// The call was not made: it changes something, and this program may not at the moment.
    case fenced(call: String)
    /// `DOCKER_HOST` names something that this client cannot speak to.
    case unsupportedHost(String)
    /// The engine's API is too old, or too new.
    case unsupportedEngine(String)

    /// The message: one sentence.
    public var description: String {
        switch self {
        case .transport(let error): "Docker Engine at \(error)"
        case .status(let code, let message, let call): "Docker Engine answered \(call) with \(code): \(message)"
        case .reported(let message, let call): "Docker Engine failed during \(call): \(message)"
        case .decoding(let reason, let call): "Docker Engine's answer to \(call) is not understood: \(reason)"
        case .fenced(let call): "\(call) is not sent to the Docker Engine: this program may not change anything now"
        case .invalidArgument(let reason), .unsupportedHost(let reason), .unsupportedEngine(let reason): reason
        }
    }
}
