import APIKit
import HTTPTypes
import Identity
import ProjectModel

/// What the routes of one kind of access token have in common: the tokens of the caller, as `Row` shows them. The
/// controllers of the two kinds say who may use the routes and what a new token is.
struct TokenRoutes<Row: TokenRow>: Sendable {
    let directory: AccountDirectory
    let kind: TokenKind
    /// The kind in the audit trail.
    let target: String

    func list(_ request: APIRequest) async throws -> APIResponse {
        let records = try await directory.accessTokens(kind, of: try request.caller().account.id)
        return try APIResponse(json: records.map { Row($0) })
    }

    func read(_ request: APIRequest) async throws -> APIResponse {
        let record = try await directory.accessToken(try key(request), of: try request.caller().account.id)
        return try APIResponse(json: Row(record))
    }

    func revoke(_ request: APIRequest) async throws -> APIResponse {
        let (account, key) = (try request.caller().account.id, try key(request))
        let record = try await directory.accessToken(key, of: account)
        try await directory.revokeAccessToken(key, of: account)
        request.audit.target(target, key.text)
        request.audit.change("name", from: record.name, to: nil)
        return try APIResponse(json: Row(record))
    }

    func create(
        _ request: APIRequest, name: String, scope: TokenLimits?, expiresAt: Timestamp?
    ) async throws -> APIResponse {
        let caller = try request.caller()
        let (record, token) = try await directory.createAccessToken(
            of: caller.account.id, name: name, scope: scope, expiresAt: expiresAt, with: caller.credential)
        request.audit.target(target, record.key.text)
        request.audit.change("name", from: nil, to: record.name)
        switch record.scope {
        case nil:
            if let end = record.expiresAt { request.audit.change("expires_at", from: nil, to: end.rfc3339) }
        case .some(let scope):
            request.audit.change(
                "permissions", from: nil, to: scope.permissions.map(\.rawValue).sorted().joined(separator: " "))
        }
        return try APIResponse(.created, json: CreatedToken(row: Row(record), token: token))
    }

    /// The token that the path names, by the identifier of its kind.
    func key(_ request: APIRequest) throws(APIError) -> TokenKey {
        switch kind {
        case .personal: .accessToken(try request.number("id"))
        case .scoped: .scopedToken(try request.uuid("id"))
        }
    }
}

extension TokenKey {
    /// The identifier in the API and in the audit trail.
    fileprivate var text: String {
        switch self {
        case .accessToken(let number): String(number)
        case .scopedToken(let id): id
        }
    }
}
