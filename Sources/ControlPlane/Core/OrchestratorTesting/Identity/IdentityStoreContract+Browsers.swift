import Identity
import Orchestrator
import ProjectModel

extension IdentityContractRun {
    /// Opens a browser's session that ends after 100 s without use and after 500 s in any case.
    private func openBrowser(
        _ number: Int, of account: Int = 3, limit: Int = 100, verifier: Secret<String>? = nil
    ) async throws -> Account? {
        try await store.openBrowserSession(
            NewBrowserSession(
                id: id(number), account: id(account), digest: digest(number), at: start,
                notAfter: start + .seconds(100),
                endsAt: start + .seconds(500), agent: "Browser \(number)",
                verifier: verifier ?? Secret("verifier \(account)")), limit: limit)
    }

    private func browser(_ number: Int, at seconds: Int64) async throws -> BrowserSession? {
        try await store.browserSession(digest: digest(number), at: start + .seconds(seconds))
    }

    private func use(_ number: Int, at seconds: Int64, until end: Int64) async throws {
        try await store.noteUse(
            ofBrowserSession: id(number), at: start + .seconds(seconds), notAfter: start + .seconds(end))
    }

    func checkBrowsers() async throws {
        try await checkBrowserLives()
        try await checkBrowserEnds()
        try await checkSessionList()
        try await checkFirstPassword()
    }

    private func checkBrowserLives() async throws {
        let account = try required(try await openBrowser(301), "a browser's session can be opened")
        try promise("its sign-in is noted", account.id == id(3) && account.lastSignInAt == start)
        try promise("not by a password that is another", try await openBrowser(302, verifier: Secret("x")) == nil)
        try promise("nor by an unknown account", try await openBrowser(302, of: 99) == nil)
        let session = try required(try await browser(301, at: 50), "a cookie has a session")
        try promise("it is the account's", session.principal.account == account)
        try promise("the session is the credential", session.principal.credential == .session(id(301)))
        try promise("its times are kept", session.seenAt == start && session.endsAt == start + .seconds(500))
        try promise("an unknown cookie has none", try await browser(999, at: 50) == nil)
        try promise("the cookie's session can be held", try await holds(.session(id(301)), of: 3, at: 50))
        try promise("it ends without use", try await browser(301, at: 100) == nil)
        try await use(301, at: 90, until: 190)
        try promise("its use is noted", try await browser(301, at: 91)?.seenAt == start + .seconds(90))
        try promise("use makes it longer", try await browser(301, at: 189) != nil)
        try await use(301, at: 80, until: 180)
        try promise("earlier use does not make it shorter", try await browser(301, at: 189) != nil)
        try await use(301, at: 180, until: 9_000)
        try promise("it lasts to the end of its life", try await browser(301, at: 499) != nil)
        try promise("and no longer", try await browser(301, at: 500) == nil)
        try await use(301, at: 600, until: 700)
        try promise("use does not bring it back", try await browser(301, at: 601) == nil)
    }

    private func checkBrowserEnds() async throws {
        for number in 311...313 { _ = try await openBrowser(number) }
        _ = try await openBrowser(314, limit: 2)
        try promise("the oldest end above the limit", try await browser(312, at: 20) == nil)
        try promise("the newest stay", try await browser(313, at: 20) != nil)
        try promise("as many as the limit says", try await browser(314, at: 20) != nil)
        try promise("one can be ended", try await store.endSessions(of: id(3), .one(id(313))) == 1)
        try promise("and its cookie is worth nothing", try await browser(313, at: 20) == nil)
        _ = try await openBrowser(315)
        let verifier = Secret("verifier 3")
        _ = try await store.setPassword(of: id(3), verifier: verifier, keeping: id(315), at: start)
        try promise("a new password ends the others", try await browser(314, at: 20) == nil)
        try promise("and keeps its own", try await browser(315, at: 20) != nil)
        try promise("a browser's session is purged", try await store.purge(at: start + .seconds(100)) == 1)
        try promise("with its cookie", try await browser(315, at: 20) == nil)
    }

    private func checkSessionList() async throws {
        _ = try await openBrowser(321)
        _ = try await open(322, of: 3)
        let list = try await store.sessions(of: id(3), at: start + .seconds(20))
        try promise("sessions are listed, the newest first", list.map(\.id) == [id(322), id(321)])
        try promise("a browser's with its name", list.last?.agent == "Browser 321" && list.first?.agent == nil)
        try promise("with their times", list.last?.openedAt == start && list.last?.seenAt == start)
        try promise("and their ends", list.last?.notAfter == start + .seconds(100))
        try promise("ended ones are not", try await store.sessions(of: id(3), at: start + .seconds(100)).count == 1)
        try promise("nor those of another account", try await store.sessions(of: id(99), at: start).isEmpty)
        try promise("all end together", try await store.endSessions(of: id(3), .all) == 2)
    }

    private func checkFirstPassword() async throws {
        var account = account(331)
        account.passwordVerifier = nil
        _ = try await store.insert(account)
        let first = Secret("first password")
        try promise(
            "a first password can be set", try await store.setFirstPassword(of: id(331), verifier: first, at: start))
        try promise("it counts", try await store.passwordVerifier(of: id(331)) == first)
        let again = try await store.setFirstPassword(of: id(331), verifier: Secret("second"), at: start)
        try promise("once", !again)
        try promise("and it stays", try await store.passwordVerifier(of: id(331)) == first)
        let unknown = try await store.setFirstPassword(of: id(99), verifier: first, at: start)
        try promise("of an account that exists", !unknown)
    }
}
