import DataPlaneCore
import TokenKit

/// The list of leaked passwords of Have I Been Pwned, asked by the first digits of a hash: no password leaves this
/// server, nor enough of its hash to know it.
enum LeakedPasswords {
    static let timeout: Duration = .seconds(5)
    /// A range has about 900 lines of 40 bytes, padded ones some more.
    static let responseBytesMax = 1 << 20
    private static let prefixDigits = 5

    static func request(_ password: String) throws(TokenError) -> (request: OutboundRequest, rest: String) {
        let digits = Hex.encode(try Digest.sha1(Array(password.utf8))).uppercased()
        let request = OutboundRequest(
            method: "GET", url: "https://api.pwnedpasswords.com/range/\(digits.prefix(prefixDigits))",
            headers: [("Add-Padding", "true"), ("User-Agent", "projectd")], timeout: timeout,
            responseBytesMax: responseBytesMax)
        return (request, String(digits.dropFirst(prefixDigits)))
    }

    /// Whether a list of `REST:COUNT` lines holds the rest of a hash. Padding counts zero.
    static func holds(_ rest: String, _ list: [UInt8]) -> Bool {
        String(decoding: list, as: UTF8.self).split(whereSeparator: \.isNewline).contains { line in
            let parts = line.split(separator: ":")
            return parts.count == 2 && parts[0].uppercased() == rest && parts[1] != "0"
        }
    }
}

extension AuthCall {
    /// Checks a new password by the rules, and whether it was leaked.
    ///
    /// - Throws: `weak_password` with all reasons.
    func checkStrength(of password: String) async throws(AuthError) {
        try PasswordRules(configuration).check(password)
        guard configuration.checksLeaks, try await isLeaked(password, failsClosed: configuration.failsClosedOnLeaks)
        else { return }
        throw .leakedPassword
    }

    /// - Parameter failsClosed: whether the list's absence is an error; else nothing counts as leaked meanwhile.
    func isLeaked(_ password: String, failsClosed: Bool) async throws(AuthError) -> Bool {
        let question: (request: OutboundRequest, rest: String)
        do throws(TokenError) { question = try LeakedPasswords.request(password) } catch { throw .crypto(error) }
        do throws(OutboundFailure) {
            guard let http = service.http else { throw .unreachable("there is no HTTP client") }
            let answer = try await http.send(question.request)
            guard answer.status == 200 else { throw .unreachable("status \(answer.status)") }
            return LeakedPasswords.holds(question.rest, answer.body)
        } catch {
            service.tell("the list of leaked passwords does not answer: \(error)")
            guard failsClosed else { return false }
            throw .unexpected("Unable to check the password's strength, try again later", cause: "\(error)")
        }
    }
}

extension AuthError {
    static var leakedPassword: AuthError {
        var error = AuthError(
            422, code: "weak_password",
            message: "Password is known to be weak and easy to guess, please choose a different one.")
        error.weaknesses = [.pwned]
        return error
    }
}
