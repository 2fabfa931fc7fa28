import DataPlaneCore
import TokenKit

/// Whether a request may reach a function that asks for a token of the project.
enum TokenCheck {
    /// Throws unless the request carries a token that counts. OPTIONS is asked by browsers, without one.
    static func check(
        _ request: ServiceRequest, verifier: TokenVerifier, at secondsSinceEpoch: Double
    ) throws(FunctionRefusal) {
        guard request.method != "OPTIONS" else { return }
        guard request.header("authorization") != nil else { throw .noToken }
        let token: String?
        do throws(TokenRefusal) { token = try BearerToken.of(request) } catch { throw .invalidToken }
        guard let token, let algorithm = algorithm(of: token) else { throw .invalidToken }
        do throws(TokenRefusal) { _ = try verifier.claims(of: token, at: secondsSinceEpoch) } catch {
            switch algorithm {
            case "HS256": throw .badToken
            case "ES256", "RS256": throw .badSignedToken
            default: throw .unsupportedToken
            }
        }
    }

    /// What a token says it is signed with; nil for a text that is no token.
    private static func algorithm(of token: String) -> String? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, token.utf8.count <= TokenVerifier.tokenBytesMax, Base64URL.decode(parts[2]) != nil,
            let head = Base64URL.decode(parts[0]), let header = try? JSONText(head),
            let payload = Base64URL.decode(parts[1]), let claims = try? JSONText(payload), case .object = claims
        else { return nil }
        return header["alg"]?.stringValue
    }
}
