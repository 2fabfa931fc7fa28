extension PostgresError {
    /// What a server did during the login that ended the connection.
    init(refusedLogin refusal: MessageRefusal, at address: String) {
        let reason =
            switch refusal {
            case .tooLarge(let limit), .loginTooLarge(let limit), .notRowsTooLarge(let limit):
                "the server at \(address) sent more than \(limit) bytes before the login was complete"
            case .authentication(let deed): "the server at \(address) \(deed); only SCRAM-SHA-256 is answered"
            case .noRoom: "there is no room for what the server at \(address) sends"
            case .malformed: "the server at \(address) does not speak PostgreSQL's protocol"
            }
        self = .connectFailed(reason: reason, sqlState: nil)
    }

    /// What a server sent after the login that ended the connection.
    init(refusedAnswer refusal: MessageRefusal) {
        switch refusal {
        case .tooLarge(let limit): self = .resultTooLarge(limitBytes: limit)
        case .noRoom: self = .noRoomForResult
        case .notRowsTooLarge(let limit), .loginTooLarge(let limit):
            self = .protocolViolation(reason: "it sent more than \(limit) bytes that are not rows")
        case .authentication, .malformed: self = .protocolViolation(reason: "its bytes are not a message")
        }
    }

    /// The deadline of a connection attempt, with the address of the server that did not answer.
    func naming(_ address: String) -> PostgresError {
        self == .deadlineExceeded ? .connectDeadlineExceeded(address: address) : self
    }
}
