import Identity
import ProjectModel

extension IdentityState {
    mutating func open(_ new: NewSession, limit: Int) -> Account? {
        open(new.id, by: new.verifier, limit: limit) { number in
            Session(
                account: new.account, openedAt: new.at, number: number, notAfter: new.notAfter,
                refreshTokens: [new.refreshDigest: nil], seenAt: new.at)
        }
    }

    mutating func open(_ new: NewBrowserSession, limit: Int) -> Account? {
        open(new.id, by: new.verifier, limit: limit) { number in
            Session(
                account: new.account, openedAt: new.at, number: number, notAfter: new.notAfter, refreshTokens: [:],
                seenAt: new.at,
                browser: Session.Browser(digest: new.digest, agent: new.agent, endsAt: new.endsAt))
        }
    }

    private mutating func open(
        _ id: String, by verifier: Secret<String>, limit: Int, _ make: (Int64) -> Session
    ) -> Account? {
        let session = make(nextNumber("session"))
        guard accounts[session.account] != nil, verifiers[session.account] == verifier else { return nil }
        accounts[session.account]?.lastSignInAt = session.openedAt
        sessions[id] = session
        let own = sessions.filter { $0.value.account == session.account }.sorted { $0.value.number > $1.value.number }
        for (id, _) in own.dropFirst(limit) { sessions[id] = nil }
        return accounts[session.account]
    }

    func browserSession(digest: String, at time: Timestamp) -> BrowserSession? {
        guard let (id, session) = sessions.first(where: { $0.value.browser?.digest == digest }),
            let browser = session.browser,
            let principal = principal(session: id, of: session.account, at: time)
        else { return nil }
        return BrowserSession(principal: principal, seenAt: session.seenAt, endsAt: browser.endsAt)
    }

    mutating func noteUse(ofBrowserSession id: String, at time: Timestamp, notAfter: Timestamp) {
        guard let session = sessions[id], let browser = session.browser, session.notAfter > time else { return }
        sessions[id]?.seenAt = max(session.seenAt, time)
        sessions[id]?.notAfter = min(browser.endsAt, max(session.notAfter, notAfter))
    }

    func sessions(of account: String, at time: Timestamp) -> [SessionRecord] {
        sessions.filter { $0.value.account == account && $0.value.notAfter > time }
            .sorted { $0.value.number > $1.value.number }
            .map { id, session in
                SessionRecord(
                    id: id, openedAt: session.openedAt, seenAt: session.seenAt, notAfter: session.notAfter,
                    agent: session.browser?.agent)
            }
    }

    mutating func refresh(_ refresh: Refresh) -> RefreshOutcome {
        guard let (id, found) = sessions.first(where: { $0.value.refreshTokens[refresh.digest] != nil }),
            found.notAfter > refresh.at, let account = accounts[found.account]
        else { return .unknown }
        let usedAt = found.refreshTokens[refresh.digest] ?? nil
        guard refresh.decision(usedAt: usedAt) == .rotate else {
            sessions[id] = nil
            return .reused(session: id, account: account.id)
        }
        var session = found
        let used = session.refreshTokens.mapValues { $0 ?? refresh.at }.filter { $0.value >= refresh.forgetBefore }
        session.refreshTokens = used.mapValues { .some($0) }
        session.refreshTokens[refresh.successorDigest] = .some(nil)
        session.notAfter = refresh.notAfter
        session.seenAt = refresh.at
        sessions[id] = session
        return .rotated(session: id, account: account)
    }

    mutating func endSessions(of account: String, _ selection: SessionSelection) -> Int {
        let ended = sessions.filter { id, session in
            guard session.account == account else { return false }
            switch selection {
            case .one(let wanted): return id == wanted
            case .all: return true
            case .others(let kept): return id != kept
            }
        }
        for id in ended.keys { sessions[id] = nil }
        return ended.count
    }

    mutating func purge(at time: Timestamp) -> Int {
        let before = sessions.count + invitations.count
        sessions = sessions.filter { $0.value.notAfter > time }
        invitations = invitations.filter { !$0.value.isExpired(at: time) }
        return before - sessions.count - invitations.count
    }
}
