import Orchestrator

extension EngineError {
    /// The meaning of a Docker error for the orchestration.
    init(_ error: DockerError) {
        let message = error.engineMessage ?? "\(error)"
        if case .fenced = error {
            self = .notActive
        } else if error.isEngineUnavailable || error.isCancelled {
            self = .unavailable("\(error)")
        } else if let conflict = error.hostPortConflict {
            self = .portTaken(conflict.port.flatMap { UInt16(exactly: $0) }, message: message)
        } else if error.isSubnetUnavailable {
            self = .subnetTaken(message: message)
        } else if error.isNameInUse {
            self = .nameTaken(message: message)
        } else if error.hasActiveEndpoints {
            self = .networkInUse(message: message)
        } else if error.isNoSuchImage {
            self = .imageMissing(message)
        } else if error.isNotFound {
            self = .notFound(message: message)
        } else if error.isMeaningless {
            self = .invalid(message: message)
        } else {
            self = .refused(status: error.statusCode, message: message)
        }
    }
}

extension DockerError {
    /// The call itself is invalid, in any state of the engine: the engine's validation or the client's rejects it.
    var isMeaningless: Bool {
        if case .invalidArgument = self { return true }
        return statusCode == 400
    }
}
