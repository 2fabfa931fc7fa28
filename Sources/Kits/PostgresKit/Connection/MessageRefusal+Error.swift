extension PostgresError {
    /// What a server did during the login that ended the connection.
    init(refusedLogin refusal: MessageRefusal, at address: String) {
        let reason =
            switch refusal {
            case .tooLarge(let limit), .loginTooLarge(let limit):
                "the server at \(address) sent more than \(limit) bytes before the login was complete"
            case .authentication(let deed): "the server at \(address) \(deed); only SCRAM-SHA-256 is answered"
            case .malformed: "the server at \(address) does not speak PostgreSQL's protocol"
            }
        self = .connectFailed(reason: reason, sqlState: nil)
    }

    /// The deadline of a connection attempt, with the address of the server that did not answer.
    func naming(_ address: String) -> PostgresError {
        self == .deadlineExceeded ? .connectDeadlineExceeded(address: address) : self
    }
}
