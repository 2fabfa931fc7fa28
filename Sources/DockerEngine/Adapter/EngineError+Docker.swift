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
    /// The call itself is wrong, whatever the state of the engine: its own check of arguments says so, or the client's.
    var isMeaningless: Bool {
        if case .invalidArgument = self { return true }
        return statusCode == 400
    }
}
