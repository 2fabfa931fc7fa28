import COpenSSL

extension TokenError {
    /// The error for an operation of libcrypto that has just failed on this thread; empties its error queue.
    static func crypto(_ operation: String) -> TokenError {
        let code = ERR_get_error()
        ERR_clear_error()
        let reason = code == 0 ? nil : ERR_reason_error_string(code).map { String(cString: $0) }
        return .crypto(operation: operation, reason: reason ?? "no reason given")
    }
}
