public import CurlKit

/// Why the command line could not do what it was asked to. No case holds a secret.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There was no answer.
    case unreachable(HTTPTransportError)
    /// The API said no.
    case refused(Refusal)
    /// E-mail address and password were refused; the API's words.
    case signInRefused(String)
    /// The answer is not what this version understands.
    case unexpected(String)
    /// There is no token for the API at this address.
    case notSignedIn(APIAddress)
    /// There is no such object, or the account may not see it.
    case notFound(String)
    /// A word on the command line, or a setting, cannot be used.
    case invalid(String)
    /// The file with the credentials cannot be used.
    case credentials(String)
    /// The wait ended without the desired status.
    case notReached(String)
    /// It was not done for another reason.
    case failed(String)

    /// An answer with the status of an error.
    public struct Refusal: Sendable, Equatable {
        /// The HTTP status.
        public let status: Int
        /// The API's message.
        public let message: String
        /// Seconds of `Retry-After`, if sent.
        public let retryAfter: Int?

        public init(status: Int, message: String, retryAfter: Int? = nil) {
            self.status = status
            self.message = message
            self.retryAfter = retryAfter
        }
    }

    /// The message: what happened, and what to do.
    public var description: String {
        switch self {
        case .unreachable(let error):
            "the Management API cannot be reached: \(error). Is the manager running, and is --api-url right?"
        case .refused(let refusal): Self.words(refusal)
        case .signInRefused(let message):
            "not signed in: \(message). The first account of a manager has no password until it is given one: sign in "
                + "with its access token, supamanager login --token-stdin < DATA_FOLDER/admin-token"
        case .unexpected(let detail): "the Management API's answer is not understood: \(detail)"
        case .notSignedIn(let address):
            "not signed in to \(address): run `supamanager login`, or set SUPAMANAGER_ACCESS_TOKEN, which is not for contexts"
        case .notFound(let detail), .invalid(let detail), .credentials(let detail), .notReached(let detail),
            .failed(let detail):
            detail
        }
    }

    private static func words(_ refusal: Refusal) -> String {
        switch refusal.status {
        case 401: "\(refusal.message) (401): sign in again with `supamanager login`"
        case 300..<400: "\(refusal.message) (\(refusal.status)): is --api-url right?"
        default: "\(refusal.message) (\(refusal.status))"
        }
    }

    /// Whether the same question may get an answer a little later.
    public var isPassing: Bool {
        switch self {
        case .unreachable(let error): RetryPolicy.isPassing(error.code)
        case .refused(let refusal): [429, 502, 503, 504].contains(refusal.status)
        default: false
        }
    }
}
