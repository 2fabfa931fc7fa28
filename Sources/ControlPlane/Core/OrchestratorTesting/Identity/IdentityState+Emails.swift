import Identity
import Orchestrator
import ProjectModel

// MARK: - E-mail addresses

extension IdentityState {
    func isInvited(_ email: String, at time: Timestamp) -> Bool {
        invitations.values.contains { $0.email == email && !$0.isExpired(at: time) }
    }

    mutating func setPendingEmail(of id: String, to email: String?, at time: Timestamp) -> EmailOutcome {
        guard var account = accounts[id] else { return .notFound }
        if let email {
            let other = self.account(ofEmail: email)
            guard other == nil || other?.id == id, !isInvited(email, at: time) else { return .emailTaken }
        }
        account.pendingEmail = email == account.email ? nil : email
        account.updatedAt = time
        accounts[id] = account
        return .updated(account)
    }

    mutating func confirmEmail(_ email: String, of id: String, at time: Timestamp) -> EmailOutcome {
        guard var account = accounts[id], [account.email, account.pendingEmail].contains(email) else {
            return .notFound
        }
        if let other = self.account(ofEmail: email), other.id != id { return .emailTaken }
        account.email = email
        account.isEmailVerified = true
        if account.pendingEmail == email { account.pendingEmail = nil }
        account.updatedAt = time
        accounts[id] = account
        return .updated(account)
    }

    func unconfirmedAccounts(limit: Int) -> [Account] {
        Array(
            accounts.values.filter { !$0.isEmailVerified || $0.pendingEmail != nil }
                .sorted { $0.number < $1.number }.prefix(limit))
    }
}
