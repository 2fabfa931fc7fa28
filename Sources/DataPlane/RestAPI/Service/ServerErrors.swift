import DataPlaneCore
import PostgresKit

/// Errors of PostgreSQL as errors of the API.
extension RestError {
    /// An error that a statement met.
    ///
    /// - Parameter isAnonymous: whether the request has the anonymous role: then a missing privilege asks for another token.
    init(_ report: PostgresErrorReport, isAnonymous: Bool) {
        let state = report.sqlState
        if state == "PGRST" {
            self = Self.raised(report)
            return
        }
        let message = report["M"] ?? ""
        self.init(
            Self.status(state, message, isAnonymous: isAnonymous), code: state, message: ErrorText.message(message),
            details: report["D"].map(ErrorText.message), hint: report["H"].map(ErrorText.message))
        if state.hasPrefix("PT") { reason = ErrorText.reason(message) }
        if status == 503 { headers.append(("Retry-After", "1")) }
        if status == 401 { headers.append(("WWW-Authenticate", "Bearer")) }
    }

    private static func status(_ state: String, _ message: String, isAnonymous: Bool) -> Int {
        switch state {
        case "23503", "23505": return 409
        case "25006": return 405
        case "42501": return isAnonymous ? 401 : 403
        case "42883": return message.hasPrefix("function xmlagg(") ? 406 : 404
        case "42P01": return 404
        case "42P17": return 500
        case "P0001": return 400
        case "57P01": return 503
        case "53400": return 500
        case "21000": return message.hasSuffix("requires a WHERE clause") ? 400 : 500
        case "22023" where message.hasPrefix("role ") && message.hasSuffix("does not exist"): return 401
        default: break
        }
        if state.hasPrefix("PT"), let status = Int(state.dropFirst(2)), (100...599).contains(status) { return status }
        switch state.prefix(2) {
        case "08", "53": return 503
        case "09", "25", "2D", "38", "39", "3B", "40", "54", "55", "57", "58", "F0", "HV", "P0", "XX": return 500
        case "0L", "0P", "28": return 403
        case "PT": return 500
        default: return 400
        }
    }

    /// `RAISE SQLSTATE 'PGRST'`: message and detail are JSON that says everything.
    private static func raised(_ report: PostgresErrorReport) -> RestError {
        let json = { (letter: Unicode.Scalar) in report[letter].flatMap { try? JSONText(Array($0.utf8)) } }
        guard let message = json("M"), let code = message["code"]?.stringValue,
            let text = message["message"]?.stringValue
        else { return .raised("MESSAGE", report["M"].map(ErrorText.message)) }
        guard let detail = json("D"), let status = detail["status"]?.doubleValue.flatMap({ Int(exactly: $0) }),
            (100...599).contains(status), case .object(let headers)? = detail["headers"]
        else { return .raised("DETAIL", report["D"].map(ErrorText.message)) }
        var error = RestError(
            status, code: ErrorText.name(code), message: ErrorText.message(text),
            details: message["details"]?.stringValue.map(ErrorText.message),
            hint: message["hint"]?.stringValue.map(ErrorText.message))
        error.headers = headers.compactMap { member in member.value.stringValue.map { (member.name, $0) } }
        error.reason = detail["status_text"]?.stringValue.map(ErrorText.reason)
        return error
    }

    /// An error of the way to the database.
    init(_ error: PostgresError) {
        switch error {
        case .acquireDeadlineExceeded, .queueFull: self = .poolTimeout
        case .deadlineExceeded:
            self = RestError(504, code: "57014", message: "canceling statement due to statement timeout")
        case .resultTooLarge(let bytes): self = .answerTooLarge(bytes)
        case .noRoomForResult:
            self = .tooManyAnswers
            return
        case .invalidParameter:
            self = RestError(
                400, code: "22P05", message: "unsupported Unicode escape sequence",
                details: "\\u0000 cannot be converted to text.")
        case .connectFailed(let reason, _): self = .connection(reason)
        default: self = .connection(nil)
        }
        if status == 503 || status == 504 { headers.append(("Retry-After", "1")) }
    }

    static func == (left: RestError, right: TokenRefusal) -> Bool { left == RestError(right) }

    init(_ refusal: TokenRefusal) {
        switch refusal {
        case .noKeys: self = .noSecret
        case .empty: self = .token("PGRST301", "Empty JWT is sent in Authorization header")
        case .parts(let count): self = .token("PGRST301", "Expected 3 parts in JWT; got \(count)")
        case .undecodable: self = .token("PGRST301", "JWT cryptographic operation failed")
        case .unsecured:
            self = .token(
                "PGRST301", "Wrong or unsupported encoding algorithm",
                details: "JWT is unsecured but expected 'alg' was not 'none'")
        case .unsupported: self = .token("PGRST301", "Unsupported token type")
        case .noSuitableKey:
            self = .token(
                "PGRST301", "No suitable key or wrong key type",
                details: "None of the keys was able to decode the JWT")
        case .claims: self = .token("PGRST303", "Parsing claims failed")
        case .expired: self = .token("PGRST303", "JWT expired")
        case .notYetValid: self = .token("PGRST303", "JWT not yet valid")
        case .issuedInFuture: self = .token("PGRST303", "JWT issued at future")
        case .audience: self = .token("PGRST303", "JWT not in audience")
        case .badAudience:
            self = .token("PGRST303", "The JWT 'aud' claim must be a string or an array of strings")
        case .notANumber(let name): self = .token("PGRST303", "The JWT '\(name)' claim must be a number")
        }
    }
}
