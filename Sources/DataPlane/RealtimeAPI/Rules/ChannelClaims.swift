import DataPlaneCore

/// Who a client is: the claims of a verified token.
struct ChannelClaims: Sendable, Hashable {
    /// The database role.
    let role: String
    /// The user, where the token names one.
    let subject: String?
    /// Seconds since the epoch.
    let expiry: Double
    /// All claims as JSON, for `request.jwt.claims`.
    let json: String

    init(_ claims: JSONText, at now: Double) throws(TokenProblem) {
        let role = claims["role"]?.stringValue
        let expiry = claims["exp"]?.doubleValue?.rounded(.down)
        guard let role, !role.isEmpty, let expiry else {
            throw .missingClaims((role ?? "").isEmpty ? (expiry == nil ? ["role", "exp"] : ["role"]) : ["exp"])
        }
        guard expiry > now else { throw .expired(secondsAgo: Int(exactly: (now - expiry).rounded(.down))) }
        self.role = role
        self.expiry = expiry
        subject = claims["sub"]?.stringValue
        json = claims.text
    }
}

/// Turns tokens into claims.
struct TokenReader: Sendable {
    let verifier: TokenVerifier
    /// The project's keys, where clients name themselves with them.
    let keys: APIKeys?

    func claims(of token: String, at now: Double) throws(TokenProblem) -> ChannelClaims {
        // An opaque key stands for its token also where that is no key itself any more.
        guard keys?.isRefused(token) != true else { throw .signature }
        let token = keys?.token(for: token) ?? token
        let claims: JSONText
        do throws(TokenRefusal) {
            claims = try verifier.claims(of: token, at: now)
        } catch {
            switch error {
            case .expired: throw .expired(secondsAgo: nil)
            case .noSuitableKey, .noKeys, .unsecured, .unsupported: throw .signature
            default: throw .malformed
            }
        }
        return try ChannelClaims(claims, at: now)
    }
}
