import DataPlaneCore
import PostgresKit
import TokenKit

/// Tokens of sessions: opening one, refreshing it, ending it.
extension AuthCall {
    /// What a client gets for having proved who it is.
    struct Grant: Sendable {
        var accessToken: String
        var refreshToken: String
        var expiresAt: Int64
        var expiresIn: Int64
        var user: UserRecord
        var session: String
        /// What headers tell of the refresh token; nothing depends on them.
        var counter: Int64
        /// Whether a refresh gave the token in force once more; nil where there was no refresh.
        var isReused: Bool?

        var json: JSONText {
            .object([
                .init("access_token", .string(accessToken)), .init("token_type", .string("bearer")),
                .init("expires_in", .number(String(expiresIn))), .init("expires_at", .number(String(expiresAt))),
                .init("refresh_token", .string(refreshToken)), .init("user", user.json),
            ])
        }

        var response: ServiceResponse {
            var response = ServiceResponse(status: 200, json: json)
            response.headers += [
                ("Cache-Control", "no-store"), ("sb-auth-user-id", user.id), ("sb-auth-session-id", session),
                ("sb-auth-refresh-token-counter", String(counter)),
            ]
            if let isReused {
                response.headers += [
                    ("sb-auth-refresh-token-rotated", String(!isReused)),
                    ("sb-auth-refresh-token-reuse", String(isReused)),
                ]
            }
            return response
        }

        /// As the fragment of a redirect has it, sorted; the empty `sb` marks who wrote it.
        func fragment(type: String) -> String {
            FormText.encode([
                ("access_token", accessToken), ("expires_at", String(expiresAt)), ("expires_in", String(expiresIn)),
                ("refresh_token", refreshToken), ("sb", ""), ("token_type", "bearer"), ("type", type),
            ])
        }
    }

    /// Opens a session, in the transaction of `store`.
    func openSession(
        _ store: AuthStore, user: UserRecord, method: String, provider: String? = nil, isAudited: Bool = true
    ) async throws -> Grant {
        let now = service.clock()
        guard !user.isBanned(at: now) else { throw AuthError.userBanned }
        try await store.update(user: user.id, [("last_sign_in_at", .now)])
        if let provider { try await store.touchIdentity(user: user.id, provider: provider) }
        let session = try await store.openSession(
            user: user.id, method: method, address: address, userAgent: request.userAgent)
        guard let session, let current = try await store.user(id: user.id) else {
            throw AuthError.unexpected("Error opening a session", cause: "no row or no random numbers")
        }
        if isAudited {
            let traits = [JSONText.Member("provider", .string(provider ?? method))]
            try await store.audit(.login, actor: current, address: address ?? "", traits: traits)
        }
        return try await grant(store, user: current, session: session, method: method)
    }

    /// Tokens of a session as it stands.
    func grant(
        _ store: AuthStore, user: UserRecord, session: SessionRecord, method: String
    ) async throws -> Grant {
        guard let refresh = session.refresh else {
            throw AuthError.unexpected("Error making a refresh token", cause: "the session has no key")
        }
        let issuedAt = Int64(service.clock())
        var seconds = Int64(configuration.tokenSeconds)
        if let lowSeconds = configuration.lowAALSeconds, session.level == "aal1", !user.verifiedFactors.isEmpty {
            seconds = min(seconds, max(0, Int64(lowSeconds) - Int64(session.ageSeconds)))
        }
        let token = AccessToken(
            issuer: configuration.issuerName, user: user, session: session.id, level: session.level,
            methods: session.methods, issuedAt: issuedAt, expiresAt: issuedAt + seconds)
        let claims = try await hookedClaims(store, token, method: method)
        do throws(TokenError) {
            return Grant(
                accessToken: try service.keys.token(claims),
                refreshToken: try RefreshToken.text(
                    session: session.id, counter: refresh.counter, key: refresh.key),
                expiresAt: token.expiresAt, expiresIn: seconds, user: user, session: session.id,
                counter: refresh.counter)
        } catch { throw AuthError.crypto(error) }
    }

    // MARK: Refreshing

    func refresh() async throws(AuthError) -> ServiceResponse {
        guard let text = try request.text("refresh_token"), !text.isEmpty else {
            throw .oauth("invalid_request", "refresh_token required")
        }
        let token = RefreshToken(text)
        guard token != nil || text.utf8.count == LegacyRefreshToken.byteCount else {
            throw .validation("Refresh token is not valid")
        }
        let outcome = try await changing("Database error refreshing token") { store in
            try await refreshed(text, token: token, in: store)
        }
        switch outcome {
        case .granted(let grant): return grant.response
        case .refused(let error): throw error
        }
    }

    /// What a refresh came to. A refusal is no error of the transaction: what it changes has to stay.
    private enum RefreshOutcome: Sendable {
        case granted(Grant)
        case refused(AuthError)
    }

    private static func refusal(_ code: String, _ reason: String) -> AuthError {
        AuthError(400, code: code, message: "Invalid Refresh Token: \(reason)")
    }

    private func refreshed(
        _ text: String, token: RefreshToken?, in store: AuthStore
    ) async throws -> RefreshOutcome {
        let notFound = Self.refusal("refresh_token_not_found", "Refresh Token Not Found")
        let legacy = token == nil ? try await store.legacyToken(text) : nil
        guard let id = token?.session ?? legacy?.session,
            var session = try await store.sessionRecord(id: id, isLocked: true)
        else { return .refused(notFound) }
        if let token, let key = session.refresh?.key, try !token.isSigned(by: key) { return .refused(notFound) }
        guard let user = try await store.user(id: session.user) else { return .refused(notFound) }
        guard !user.isBanned(at: service.clock()) else { return .refused(Self.refusal("user_banned", "User Banned")) }
        if let reason = invalidity(session, user) { return .refused(Self.refusal("session_expired", reason)) }
        if let legacy {
            // Read again under the lock: another request may have moved the session meanwhile.
            let current = try await store.legacyToken(text) ?? legacy
            guard
                current.isAccepted(
                    sessionCounter: session.refresh?.counter, reuseSeconds: configuration.reuseSeconds)
            else { return try await reused(session, by: user, in: store) }
            if session.refresh == nil {
                guard try await store.moveSession(id: id), let moved = try await store.sessionRecord(id: id) else {
                    return .refused(notFound)
                }
                session = moved
            }
            try await recordRefresh(store, session, counter: session.refresh?.counter ?? 0)
            return try await granted(session, to: user, in: store)
        }
        guard let token, let refresh = session.refresh else { return .refused(notFound) }
        switch RefreshDecision(
            token: token.counter, session: refresh.counter, secondsSinceRefresh: session.secondsSinceRefresh,
            reuseSeconds: configuration.reuseSeconds)
        {
        case .notIssued:
            return .refused(.validation("Invalid Refresh Token: Not Issued By This Server"))
        case .reused: return try await reused(session, by: user, in: store)
        case .current: return try await granted(session, to: user, isReused: true, in: store)
        case .next:
            try await recordRefresh(store, session, counter: refresh.counter + 1)
            return try await granted(session, to: user, in: store)
        }
    }

    private func recordRefresh(_ store: AuthStore, _ session: SessionRecord, counter: Int64) async throws {
        try await store.recordRefresh(
            session: session.id, counter: counter, address: address, userAgent: request.userAgent)
    }

    private func granted(
        _ session: SessionRecord, to user: UserRecord, isReused: Bool = false, in store: AuthStore
    ) async throws -> RefreshOutcome {
        try await store.audit(.tokenRefreshed, actor: user, address: address ?? "")
        guard let current = try await store.sessionRecord(id: session.id) else {
            return .refused(Self.refusal("session_not_found", "No Valid Session Found"))
        }
        var grant = try await grant(store, user: user, session: current, method: "token_refresh")
        grant.isReused = isReused
        return .granted(grant)
    }

    /// A token was used a second time, so one of the two holders has stolen it: the session ends for both.
    private func reused(
        _ session: SessionRecord, by user: UserRecord, in store: AuthStore
    ) async throws -> RefreshOutcome {
        if configuration.endsReusedSessions {
            try await store.deleteSession(id: session.id)
            let traits = [JSONText.Member("session_id", .string(session.id))]
            try await store.audit(.tokenRevoked, actor: user, address: address ?? "", traits: traits)
        }
        return .refused(Self.refusal("refresh_token_already_used", "Already Used"))
    }

    private func invalidity(_ session: SessionRecord, _ user: UserRecord) -> String? {
        if let reason = session.invalidity(configuration) { return reason }
        if let seconds = configuration.lowAALSeconds, session.level == "aal1", !user.verifiedFactors.isEmpty,
            session.ageSeconds > Double(seconds)
        {
            return "Session Expired (Low AAL: User Needs MFA Verification)"
        }
        if configuration.hasSingleSession, session.isSuperseded { return "Session Expired (Revoked by Newer Login)" }
        return nil
    }

    // MARK: Ending

    func logout() async throws(AuthError) -> ServiceResponse {
        let scope = request.queryValue("scope") ?? "global"
        guard ["global", "local", "others"].contains(scope) else {
            throw .validation("Unsupported logout scope \(scope.prefix(32))")
        }
        let signedIn = try await signedIn()
        try await changing("Database error signing out") { store in
            switch (scope, signedIn.claims.session) {
            case ("local", let session?): try await store.deleteSession(id: session)
            case ("others", let session?): try await store.deleteSessions(user: signedIn.user.id, except: session)
            default: try await store.deleteSessions(user: signedIn.user.id)
            }
            try await store.audit(.logout, actor: signedIn.user, address: address ?? "")
        }
        return ServiceResponse(status: 204)
    }
}

extension LegacyRefreshToken {
    /// Length of a token in GoTrue's older form.
    static let byteCount = 12
}
