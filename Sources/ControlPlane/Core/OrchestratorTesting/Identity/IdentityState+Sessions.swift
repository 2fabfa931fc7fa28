import Identity
import ProjectModel

extension IdentityState {
    mutating func open(_ new: NewSession, limit: Int) -> Account? {
        guard accounts[new.account] != nil, verifiers[new.account] == new.verifier else { return nil }
        accounts[new.account]?.lastSignInAt = new.at
        sessions[new.id] = Session(
            account: new.account, openedAt: new.at, number: nextNumber("session"), notAfter: new.notAfter,
            refreshTokens: [new.refreshDigest: nil])
        let own = sessions.filter { $0.value.account == new.account }.sorted { $0.value.number > $1.value.number }
        for (id, _) in own.dropFirst(limit) { sessions[id] = nil }
        return accounts[new.account]
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
