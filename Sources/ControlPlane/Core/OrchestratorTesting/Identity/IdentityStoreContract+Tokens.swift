import Identity
import Orchestrator
import ProjectModel

extension IdentityContractRun {
    private func token(_ number: Int, of account: Int = 1, ends seconds: Int64? = nil) -> NewAccessToken {
        NewAccessToken(
            account: id(account), name: "token \(number)", alias: "sbp_\(number)", digest: digest(number),
            expiresAt: seconds.map { start + .seconds($0) }, at: start + .seconds(1))
    }

    private func bearer(_ number: Int, at seconds: Int64 = 20) async throws -> TokenBearer? {
        try await store.bearer(ofTokenDigest: digest(number), at: start + .seconds(seconds))
    }

    /// Whether a credential counts, as a change is about to be stored.
    func holds(_ credential: Principal.Credential, of account: Int = 1, at seconds: Int64 = 20) async throws -> Bool {
        try await store.hold(credential, of: id(account), at: start + .seconds(seconds))
    }

    func checkTokens() async throws {
        let first = try required(try await store.insert(token(301), limit: 2), "a token is stored")
        try promise("a token is what was asked for", first.name == "token 301" && first.alias == "sbp_301")
        try promise("a new token is unused and endless", first.lastUsedAt == nil && first.expiresAt == nil)
        let second = try required(try await store.insert(token(302, ends: 50), limit: 2), "a second is stored")
        try promise("tokens above the limit are refused", try await store.insert(token(303), limit: 2) == nil)
        try promise("and not stored", try await bearer(303) == nil)
        try promise("an unknown account has no token", try await store.insert(token(304, of: 99), limit: 2) == nil)
        _ = try await store.insert(token(305, of: 2), limit: 2)
        try promise(
            "tokens are listed, newest first", try await store.accessTokens(.personal, of: id(1)) == [second, first])
        let found = try required(try await bearer(301), "a token has a bearer")
        try promise("a token is its account's", found.principal.account.id == id(1))
        try promise("a bearer says by which token", found.principal.credential == .accessToken(first.number))
        try promise("a token counts until it expires", try await bearer(302, at: 49) != nil)
        try promise("it can be held", try await holds(.accessToken(second.number), at: 49))
        try promise("as long as it counts", try await !holds(.accessToken(second.number), at: 50))
        try promise("by its own account", try await !holds(.accessToken(second.number), of: 2, at: 49))
        try promise("and not longer", try await bearer(302, at: 50) == nil)
        try await checkUse(found.principal.credential) { try await bearer(301)?.lastUsedAt }
        try promise(
            "only the owner deletes a token", try await store.deleteAccessToken(first.key, of: id(2)) == nil)
        let deleted = try await store.deleteAccessToken(second.key, of: id(1))
        try promise("a deleted token is given", deleted == second)
        try promise("a deleted token does not count", try await bearer(302) == nil)
        try promise("nor can it be held", try await !holds(.accessToken(second.number)))
        try promise("it is deleted once", try await store.deleteAccessToken(second.key, of: id(1)) == nil)
    }

    private func checkUse(
        _ credential: Principal.Credential, _ lastUse: () async throws -> Timestamp?
    ) async throws {
        for (now, earlier, expected) in [(100, 40, 100), (130, 70, 100), (160, 100, 160)] as [(Int64, Int64, Int64)] {
            try await store.noteUse(
                of: credential, at: start + .seconds(now), unlessSince: start + .seconds(earlier))
            try promise("uses are noted, though not each", try await lastUse() == start + .seconds(expected))
        }
    }

    func checkScopedTokens() async throws {
        let scope = TokenScope(
            tokenID: id(401), permissions: [.projectsRead, .databaseWrite], organizationSlugs: ["default"],
            projectRefs: [.sample(1), .sample(2)])
        let new = NewAccessToken(
            account: id(1), name: "narrow", alias: "sbp_n", digest: digest(401), scope: scope,
            expiresAt: start + .seconds(50), at: start)
        let record = try required(try await store.insert(new, limit: 2), "a scoped token is stored")
        try promise("a scoped token keeps its limits", record.scope?.permissions == scope.permissions)
        try promise("those of places, too", record.scope?.organizationSlugs == ["default"])
        try promise("and of projects", record.scope == scope && record.key == .scopedToken(id(401)))
        var wide = new
        wide.scope = TokenScope(
            tokenID: id(402), permissions: [.projectsRead], organizationSlugs: nil, projectRefs: [])
        wide.digest = digest(402)
        wide.expiresAt = nil
        let second = try required(try await store.insert(wide, limit: 2), "a second is stored")
        try promise(
            "no list is not an empty list", second.scope?.organizationSlugs == nil && second.scope?.projectRefs == [])
        wide.scope?.tokenID = id(403)
        wide.digest = digest(403)
        try promise("scoped tokens above the limit are refused", try await store.insert(wide, limit: 2) == nil)
        try promise(
            "they are listed, newest first", try await store.accessTokens(.scoped, of: id(1)) == [second, record])
        try promise("separately", try await store.accessTokens(.personal, of: id(1)).count == 1)
        let bearer = try required(try await bearer(401, at: 49), "a scoped token has a bearer")
        try promise("a bearer has the scope", bearer.principal.credential == .scopedToken(scope))
        try promise("a scoped token expires", try await self.bearer(401, at: 50) == nil)
        try promise("it can be held", try await holds(.scopedToken(scope), at: 49))
        try promise("until it expires", try await !holds(.scopedToken(scope), at: 50))
        try await checkUse(bearer.principal.credential) { try await self.bearer(401)?.lastUsedAt }
        try promise(
            "only the owner deletes a scoped token",
            try await store.deleteAccessToken(.scopedToken(id(402)), of: id(2)) == nil)
        try promise(
            "a deleted one is given", try await store.deleteAccessToken(.scopedToken(id(402)), of: id(1)) == second)
        try promise("a deleted one does not count", try await self.bearer(402) == nil)
    }
}
