import Identity
import Orchestrator
import ProjectModel

// MARK: - Who asks

extension IdentityState {
    func principal(_ account: String, _ credential: Principal.Credential) -> Principal? {
        guard let account = accounts[account] else { return nil }
        let memberships = organizations.values.sorted { $0.number < $1.number }.compactMap { organization in
            let roles = roles(of: account.id, in: organization.slug)
            return roles.isEmpty
                ? nil
                : Membership(
                    organizationSlug: organization.slug, organizationNumber: organization.number, roles: roles)
        }
        return Principal(account: account, credential: credential, memberships: memberships)
    }

    func principal(session id: String, of account: String, at time: Timestamp) -> Principal? {
        guard let session = sessions[id], session.account == account, session.notAfter > time else { return nil }
        return principal(account, .session(id))
    }

    func bearer(of digest: String, at time: Timestamp) -> TokenBearer? {
        guard let token = tokens[digest], Self.counts(token.record.expiresAt, time) else { return nil }
        let record = token.record
        return principal(token.account, record.scope.map { .scopedToken($0) } ?? .accessToken(record.number))
            .map { TokenBearer(principal: $0, lastUsedAt: record.lastUsedAt) }
    }

    func counts(_ credential: Principal.Credential, of account: String, at time: Timestamp) -> Bool {
        if case .session(let id) = credential { return principal(session: id, of: account, at: time) != nil }
        return tokens.values.contains {
            $0.account == account && $0.record.key == TokenKey(credential) && Self.counts($0.record.expiresAt, time)
        }
    }

    private static func counts(_ end: Timestamp?, _ time: Timestamp) -> Bool { end.map { time < $0 } ?? true }

    mutating func noteUse(_ credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp) {
        func isDue(_ last: Timestamp?) -> Bool { last.map { $0 <= earlier } ?? true }
        guard let key = TokenKey(credential) else { return }
        for (digest, token) in tokens where token.record.key == key && isDue(token.record.lastUsedAt) {
            tokens[digest]?.record.lastUsedAt = time
        }
    }
}

// MARK: - Tokens

extension IdentityState {
    mutating func insert(_ new: NewAccessToken, limit: Int) -> AccessTokenRecord? {
        guard accounts[new.account] != nil, accessTokens(new.kind, of: new.account).count < limit else { return nil }
        let record = AccessTokenRecord(
            number: nextNumber("\(new.kind) token"), name: new.name, alias: new.alias, scope: new.scope,
            createdAt: new.at, expiresAt: new.expiresAt)
        tokens[new.digest] = Token(account: new.account, record: record, maker: new.maker)
        return record
    }

    func accessTokens(_ kind: TokenKind, of account: String) -> [AccessTokenRecord] {
        tokens.values.filter { $0.account == account && $0.record.key.kind == kind }.map(\.record)
            .sorted { $0.number > $1.number }
    }

    mutating func deleteAccessToken(_ key: TokenKey, of account: String) -> AccessTokenRecord? {
        let found = tokens.values.first { $0.account == account && $0.record.key == key }
        if found != nil { deleteToken(key) }
        return found?.record
    }

    /// Deletes a token with those that it made, and those that they made.
    mutating func deleteToken(_ key: TokenKey) {
        tokens = tokens.filter { $0.value.record.key != key }
        for child in tokens.values where child.maker == key { deleteToken(child.record.key) }
    }

    /// Deletes the tokens of an account but that of the bootstrap; gives how many.
    mutating func deleteTokens(of account: String) -> Int {
        let before = tokens.count
        tokens = tokens.filter { $0.value.account != account || $0.value.isBootstrap }
        return before - tokens.count
    }
}
