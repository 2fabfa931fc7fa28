import HTTPTypes
import ProjectModel

/// Who may use a route. Every route states it, so that none is open by omission.
enum Access: Sendable, Equatable {
    /// Anybody, without a token.
    case open
    /// Whoever has the permission.
    case permission(Permission)

    /// Lets a request through, with its principal where the route asks for one: 401 without a valid token, 403
    /// without the permission.
    func admit(_ headers: HTTPFields, by verifier: any AccessTokenVerifier) async throws(APIError) -> Principal? {
        guard case .permission(let permission) = self else { return nil }
        let token = try bearerToken(in: headers)
        let principal: Principal?
        do { principal = try await verifier.principal(for: token) } catch { throw APIError(error) }
        guard let principal else { throw .unauthorized("the access token is not valid") }
        guard principal.permissions.contains(permission) else {
            throw APIError(.forbidden, "the access token lacks the permission \(permission.rawValue)")
        }
        return principal
    }
}

/// The token of `Authorization: Bearer TOKEN`.
func bearerToken(in headers: HTTPFields) throws(APIError) -> Secret<String> {
    let values = headers[values: .authorization]
    guard let value = values.first else {
        throw .unauthorized("an access token is needed: send the header Authorization: Bearer sbp_…")
    }
    let words = value.split(separator: " ", omittingEmptySubsequences: true)
    guard values.count == 1, words.count == 2, words[0].lowercased() == "bearer" else {
        throw .unauthorized("the Authorization header must read: Bearer, one space, and the access token")
    }
    return Secret(String(words[1]))
}
