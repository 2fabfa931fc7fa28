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
        if let token = tokens[digest], Self.counts(token.record.expiresAt, time) {
            return principal(token.account, .accessToken(token.record.number))
                .map { TokenBearer(principal: $0, lastUsedAt: token.record.lastUsedAt) }
        }
        guard let token = scopedTokens[digest], Self.counts(token.record.expiresAt, time) else { return nil }
        let record = token.record
        let scope = TokenScope(
            tokenID: record.id, permissions: record.permissions, organizationSlugs: record.organizationSlugs,
            projectRefs: record.projectRefs)
        return principal(token.account, .scopedToken(scope))
            .map { TokenBearer(principal: $0, lastUsedAt: record.lastUsedAt) }
    }

    func counts(_ credential: Principal.Credential, of account: String, at time: Timestamp) -> Bool {
        switch credential {
        case .session(let id): principal(session: id, of: account, at: time) != nil
        case .accessToken(let number):
            tokens.values.contains {
                $0.account == account && $0.record.number == number && Self.counts($0.record.expiresAt, time)
            }
        case .scopedToken(let scope):
            scopedTokens.values.contains {
                $0.account == account && $0.record.id == scope.tokenID && Self.counts($0.record.expiresAt, time)
            }
        }
    }

    private static func counts(_ end: Timestamp?, _ time: Timestamp) -> Bool { end.map { time < $0 } ?? true }

    mutating func noteUse(_ credential: Principal.Credential, at time: Timestamp, unlessSince earlier: Timestamp) {
        func isDue(_ last: Timestamp?) -> Bool { last.map { $0 <= earlier } ?? true }
        for (digest, token) in tokens where credential == .accessToken(token.record.number) {
            if isDue(token.record.lastUsedAt) { tokens[digest]?.record.lastUsedAt = time }
        }
        guard case .scopedToken(let scope) = credential else { return }
        for (digest, token) in scopedTokens where token.record.id == scope.tokenID {
            if isDue(token.record.lastUsedAt) { scopedTokens[digest]?.record.lastUsedAt = time }
        }
    }
}

// MARK: - Tokens

extension IdentityState {
    mutating func insert(_ new: NewAccessToken, limit: Int) -> AccessTokenRecord? {
        guard accounts[new.account] != nil, accessTokens(of: new.account).count < limit else { return nil }
        let record = AccessTokenRecord(
            number: nextNumber("token"), name: new.name, alias: new.alias, createdAt: new.at,
            expiresAt: new.expiresAt)
        tokens[new.digest] = Token(account: new.account, record: record, maker: new.maker)
        return record
    }

    func accessTokens(of account: String) -> [AccessTokenRecord] {
        tokens.values.filter { $0.account == account }.map(\.record).sorted { $0.number > $1.number }
    }

    mutating func deleteAccessToken(_ number: Int64, of account: String) -> AccessTokenRecord? {
        let found = tokens.first { $0.value.account == account && $0.value.record.number == number }
        if found != nil { deleteToken(.accessToken(number)) }
        return found?.value.record
    }

    mutating func insert(_ new: NewScopedToken, limit: Int) -> ScopedTokenRecord? {
        guard accounts[new.account] != nil, scopedTokens(of: new.account).count < limit else { return nil }
        let record = ScopedTokenRecord(
            id: new.scope.tokenID, name: new.name, permissions: new.scope.permissions, alias: new.alias,
            organizationSlugs: new.scope.organizationSlugs, projectRefs: new.scope.projectRefs, createdAt: new.at,
            expiresAt: new.expiresAt)
        scopedTokens[new.digest] = ScopedToken(
            account: new.account, number: nextNumber("scoped token"), record: record, maker: new.maker)
        return record
    }

    func scopedTokens(of account: String) -> [ScopedTokenRecord] {
        scopedTokens.values.filter { $0.account == account }.sorted { $0.number > $1.number }.map(\.record)
    }

    mutating func deleteScopedToken(_ id: String, of account: String) -> ScopedTokenRecord? {
        let found = scopedTokens.first { $0.value.account == account && $0.value.record.id == id }
        if found != nil { deleteToken(.scopedToken(id)) }
        return found?.value.record
    }

    /// Deletes a token with those that it made, and those that they made.
    mutating func deleteToken(_ token: TokenMaker) {
        switch token {
        case .accessToken(let number): tokens = tokens.filter { $0.value.record.number != number }
        case .scopedToken(let id): scopedTokens = scopedTokens.filter { $0.value.record.id != id }
        }
        for child in tokens.values where child.maker == token { deleteToken(.accessToken(child.record.number)) }
        for child in scopedTokens.values where child.maker == token { deleteToken(.scopedToken(child.record.id)) }
    }

    /// Deletes the tokens of an account but that of the bootstrap; gives how many.
    mutating func deleteTokens(of account: String) -> Int {
        let before = tokens.count + scopedTokens.count
        tokens = tokens.filter { $0.value.account != account || $0.value.isBootstrap }
        scopedTokens = scopedTokens.filter { $0.value.account != account }
        return before - tokens.count - scopedTokens.count
    }
}
