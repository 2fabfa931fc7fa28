import Identity
import Orchestrator
import ProjectModel

extension IdentityContractRun {
    func checkEmails() async throws {
        let later = start + .seconds(6)
        let before = try required(try await store.account(id(1)), "there is an account")
        try promise("an address is unconfirmed at first", !before.isEmailVerified && before.pendingEmail == nil)
        let asked = try await store.setPendingEmail(of: id(1), to: "renamed@example.com", at: later)
        guard case .updated(let waiting) = asked else { throw ContractViolation("an address can be asked for") }
        try promise("an address that is asked for waits", waiting.pendingEmail == "renamed@example.com")
        try promise("and counts for nothing", waiting.email == before.email && !waiting.isEmailVerified)
        try promise(
            "no account is found by it", try await store.credentials(ofEmail: "renamed@example.com") == nil)
        let taken = try await store.setPendingEmail(of: id(1), to: "person2@example.com", at: later)
        try promise("another's address is refused", taken == .emailTaken)
        try promise("and nothing changes", try await store.account(id(1)) == waiting)
        let two = try await store.setPendingEmail(of: id(2), to: "renamed@example.com", at: later)
        try promise("two may wait for one address", two != .emailTaken)
        try promise(
            "an address to confirm is listed",
            try await store.unconfirmedAccounts(limit: 2).map(\.id) == [id(1), id(2)])
        let foreign = try await store.confirmEmail("user@example.com", of: id(1), at: later)
        try promise("only what an account has or wants is confirmed", foreign == .notFound)
        let done = try await store.confirmEmail("renamed@example.com", of: id(1), at: later)
        guard case .updated(let confirmed) = done else { throw ContractViolation("an address can be confirmed") }
        try promise("a confirmed address counts", confirmed.email == "renamed@example.com")
        try promise("and is verified", confirmed.isEmailVerified && confirmed.pendingEmail == nil)
        try promise("it is read back", try await store.account(id(1)) == confirmed)
        let late = try await store.confirmEmail("renamed@example.com", of: id(2), at: later)
        try promise("the second one does not get it", late == .emailTaken)
        let withdrawn = try await store.setPendingEmail(of: id(2), to: nil, at: later)
        guard case .updated(let free) = withdrawn else { throw ContractViolation("a wish can be taken back") }
        try promise("a wish can be taken back", free.pendingEmail == nil && free.email == "person2@example.com")
        let nobodys = try await store.setPendingEmail(of: id(99), to: nil, at: later)
        try promise("an unknown account has no wish", nobodys == .notFound)
    }

    /// Tokens end with the token that made them, through every generation and kind.
    func checkMakers() async throws {
        func token(_ number: Int, by maker: TokenKey?) -> NewAccessToken {
            NewAccessToken(
                account: id(3), name: "made", alias: "sbp_m", digest: digest(number), expiresAt: nil, at: start,
                maker: maker)
        }
        func scoped(_ number: Int, by maker: TokenKey?) -> NewAccessToken {
            NewAccessToken(
                account: id(3), name: "made", alias: "sbp_m", digest: digest(number),
                scope: TokenScope(
                    tokenID: id(number), permissions: [.projectsRead], organizationSlugs: nil, projectRefs: nil),
                expiresAt: nil, at: start, maker: maker)
        }
        let first = try required(try await store.insert(token(411, by: nil), limit: 9), "a token is stored")
        let second = try required(
            try await store.insert(token(412, by: .accessToken(first.number)), limit: 9), "a token makes one")
        _ = try await store.insert(scoped(413, by: .accessToken(second.number)), limit: 9)
        _ = try await store.insert(scoped(414, by: .scopedToken(id(413))), limit: 9)
        _ = try await store.insert(scoped(415, by: nil), limit: 9)
        _ = try await store.deleteAccessToken(first.key, of: id(3))
        try promise("a token ends with its maker", try await store.accessTokens(.personal, of: id(3)).isEmpty)
        try promise(
            "through every generation",
            try await store.accessTokens(.scoped, of: id(3)).map(\.key) == [.scopedToken(id(415))])
        _ = try await store.insert(token(416, by: nil), limit: 9)
        let outcome = try await store.setPassword(of: id(3), verifier: Secret("new"), keeping: nil, at: start)
        try promise("a new password revokes every token", outcome == .set(revokedTokens: 2))
        let left = try await (
            store.accessTokens(.personal, of: id(3)).count, store.accessTokens(.scoped, of: id(3)).count
        )
        try promise("of both kinds", left == (0, 0))
    }
}
