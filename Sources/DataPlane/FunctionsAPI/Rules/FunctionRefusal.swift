public import DataPlaneCore

/// An answer that is made for a function, in the words of hosted Edge Functions: the code stands in the body and in the
/// header `sb-error-code`.
public enum FunctionRefusal: Error, Sendable, Equatable {
    /// No token where one is needed.
    case noToken
    /// What is sent as a token is none.
    case invalidToken
    /// A token of the shared secret that does not count, also one that has expired.
    case badToken
    /// A token of a key pair that does not count.
    case badSignedToken
    /// A token signed by an algorithm that is not taken.
    case unsupportedToken
    case notFound
    case methodNotAllowed
    /// A WebSocket was asked for.
    case noWebSockets
    /// More requests than a function, or the service, works on at once.
    case busy
    /// It threw outside of a handler, or exited.
    case workerError
    /// It does not start. With the time after which a start is tried again, if not at once.
    case bootError(retrySeconds: Int?)
    /// No answer within the time.
    case timedOut
    /// It used more than it may.
    case limit(FunctionResource)
    /// The service of the functions cannot be reached.
    case unavailable

    /// Status, code and message.
    var facts: (status: Int, code: String, message: String) {
        switch self {
        case .noToken: (401, "UNAUTHORIZED_NO_AUTH_HEADER", "Missing authorization header")
        case .invalidToken: (401, "UNAUTHORIZED_INVALID_JWT_FORMAT", "Invalid JWT format")
        case .badToken: (401, "UNAUTHORIZED_LEGACY_JWT", "Invalid JWT")
        case .badSignedToken: (401, "UNAUTHORIZED_ASYMMETRIC_JWT", "Invalid JWT")
        case .unsupportedToken: (401, "UNAUTHORIZED_UNSUPPORTED_TOKEN_ALGORITHM", "Unsupported JWT algorithm")
        case .notFound: (404, "NOT_FOUND", "Requested function was not found")
        case .methodNotAllowed: (405, "METHOD_NOT_ALLOWED", "Functions are called with \(Self.methodList)")
        case .noWebSockets: (501, "NOT_IMPLEMENTED", "WebSockets are not passed on to functions; use HTTP")
        case .busy: (503, "FUNCTION_BUSY", "Too many requests are being worked on; try again")
        case .workerError: (500, "WORKER_ERROR", "Function exited due to an error (please check logs)")
        case .bootError: (503, "BOOT_ERROR", "Function failed to start (please check logs)")
        case .timedOut: (504, "IDLE_TIMEOUT", "Function did not answer in time")
        case .limit(let resource): (546, "WORKER_LIMIT", "Function was stopped: \(resource.message)")
        case .unavailable: (503, "FUNCTIONS_UNAVAILABLE", "The functions of this project cannot be reached; try again")
        }
    }

    private static var methodList: String { FunctionRoute.methods.sorted().joined(separator: ", ") }

    /// When a client may try again, in seconds.
    private var retrySeconds: Int? {
        switch self {
        case .busy, .unavailable: 1
        case .bootError(let seconds): seconds
        default: nil
        }
    }

    /// The answer to a client.
    public var response: ServiceResponse {
        let (status, code, message) = facts
        var answer = ServiceResponse(
            status: status,
            json: .object([
                .init("code", .string(code)), .init("message", .string(message)), .init("msg", .string(message)),
            ]))
        answer.set("sb-error-code", code)
        if let retrySeconds { answer.set("Retry-After", String(retrySeconds)) }
        if self == .methodNotAllowed { answer.set("Allow", Self.methodList) }
        // By these, clients tell that no function has answered.
        if self == .unavailable {
            answer.set("x-relay-error", "true")
            answer.set("x-relay-header", "true")
        }
        return answer
    }
}

/// What a function used too much of.
public enum FunctionResource: Sendable, Equatable {
    /// Memory, with the bound in bytes.
    case memory(bytesMax: Int)
    /// Processor time, with the bound of a request in seconds.
    case processor(secondsMax: Double)

    var message: String {
        switch self {
        case .memory(let bytes): "it used more than \(bytes >> 20) MiB of memory"
        case .processor(let seconds): "it used more than \(Self.text(seconds)) s of processor time for a request"
        }
    }

    private static func text(_ seconds: Double) -> String {
        seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
    }
}
