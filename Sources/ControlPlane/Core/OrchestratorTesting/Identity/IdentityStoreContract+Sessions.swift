import Identity
import Orchestrator
import ProjectModel

extension IdentityContractRun {
    /// Opens a session with the account's own verifier, unless another one is named.
    func open(
        _ number: Int, of account: Int = 1, limit: Int = 100, verifier: Secret<String>? = nil
    ) async throws -> Account? {
        let email = try await store.account(id(account))?.email ?? ""
        let own = try await store.credentials(ofEmail: email)?.passwordVerifier
        return try await store.openSession(
            NewSession(
                id: id(number), account: id(account), refreshDigest: digest(number), at: start + .seconds(10),
                notAfter: start + .seconds(1_000), verifier: verifier ?? own ?? Secret("none")), limit: limit)
    }

    func isLive(_ number: Int, of account: Int = 1, at seconds: Int64 = 20) async throws -> Bool {
        let isLive =
            try await store.principal(
                session: id(number), of: id(account), at: start + .seconds(seconds)) != nil
        let isHeld = try await holds(.session(id(number)), of: account, at: seconds)
        try promise("a session can be held while it lives", isHeld == isLive)
        return isLive
    }

    /// Those of some sessions of the first account that are live.
    func live(_ numbers: Int...) async throws -> [Int] {
        var live: [Int] = []
        for number in numbers where try await isLive(number) { live.append(number) }
        return live
    }

    /// Exchanges one token for another, ten seconds being the reuse interval.
    func refresh(_ old: Int, _ new: Int, at seconds: Int64) async throws -> RefreshOutcome {
        let at = start + .seconds(seconds)
        return try await store.refresh(
            Refresh(
                digest: digest(old), successorDigest: digest(new), at: at, reuseBefore: start + .seconds(seconds - 10),
                notAfter: at + .seconds(990), forgetBefore: start + .seconds(seconds - 2_000)))
    }

    func checkSessions() async throws {
        let account = try required(try await open(101), "a session can be opened")
        try promise("a sign-in is noted", account.lastSignInAt == start + .seconds(10))
        let principal = try required(
            try await store.principal(session: id(101), of: id(1), at: start + .seconds(20)), "a session has an account"
        )
        try promise("a session is its account's", principal.account == account)
        try promise("a principal says how it asks", principal.credential == .session(id(101)))
        try promise("an account without organizations has no memberships", principal.memberships.isEmpty)
        try promise("a session belongs to one account", try await !isLive(101, of: 2))
        try promise("a session lasts", try await isLive(101, at: 999))
        try promise("and ends", try await !isLive(101, at: 1_000))
        try promise("an unknown account opens no session", try await open(102, of: 99) == nil)
    }

    func checkRefresh() async throws {
        let account = try required(try await store.account(id(1)), "an account is there")
        try promise("an unknown token is unknown", try await refresh(999, 998, at: 20) == .unknown)
        let first = try await refresh(101, 201, at: 30)
        try promise("a refresh gives the session", first == .rotated(session: id(101), account: account))
        try promise("a refresh makes the session longer", try await isLive(101, at: 1_019))
        let racing = try await refresh(101, 202, at: 39)
        try promise("a racing refresh is served", racing == .rotated(session: id(101), account: account))
        let chained = try await refresh(202, 203, at: 45)
        try promise("its token counts", chained == .rotated(session: id(101), account: account))
        try promise("without a password no session is opened", try await open(103, of: 2) == nil)
        _ = try await store.setPassword(of: id(2), verifier: Secret("verifier 2"), keeping: nil, at: start)
        try promise("an unrelated session lives", try await open(103, of: 2) != nil)
        let replaced = try await refresh(201, 204, at: 48)
        try promise(
            "so is a token that a racing refresh replaced", replaced == .rotated(session: id(101), account: account))
        try promise("the chain continues", try await refresh(204, 205, at: 51) != .unknown)
        let theft = try await refresh(204, 206, at: 61)
        try promise(
            "the reuse of a token after ten seconds is detected", theft == .reused(session: id(101), account: id(1)))
        try promise("reuse ends the session", try await !isLive(101, at: 62))
        try promise("and all its tokens", try await refresh(205, 207, at: 62) == .unknown)
        try promise("and no other session", try await isLive(103, of: 2))
        try promise("a token of an ended session is unknown", try await refresh(101, 208, at: 62) == .unknown)
        try promise("a session that is over is not refreshed", try await refresh(103, 209, at: 1_000) == .unknown)
    }

    func checkEndings() async throws {
        for number in 111...114 { _ = try await open(number) }
        _ = try await open(115, limit: 3)
        try promise("the oldest sessions end above the limit", try await live(111, 112).isEmpty)
        try promise("the newest stay", try await live(113, 114, 115) == [113, 114, 115])
        try promise("one's others can be ended", try await store.endSessions(of: id(1), .others(than: id(114))) == 2)
        try promise("and one is kept", try await live(113, 114, 115) == [114])
        try promise(
            "no session of another account is ended", try await store.endSessions(of: id(2), .one(id(114))) == 0)
        _ = try await open(116)
        try promise("one can be ended", try await store.endSessions(of: id(1), .one(id(114))) == 1)
        try promise("only that one", try await live(114, 116) == [116])
        _ = try await open(117)
        _ = try await store.setPassword(
            of: id(1), verifier: Secret("new"), keeping: id(117), at: start + .seconds(20))
        try promise("a new password ends the other sessions", try await live(116, 117) == [117])
        let late = try await open(118, verifier: Secret("verifier 1"))
        try promise("no session is opened by a password that was changed", late == nil)
        try promise("and none is there", try await live(117, 118) == [117])
        try promise("all can be ended", try await store.endSessions(of: id(1), .all) == 1)
        try promise("sessions that are over are purged", try await store.purge(at: start + .seconds(1_000)) == 1)
        try promise("once", try await store.purge(at: start + .seconds(1_000)) == 0)
    }
}
