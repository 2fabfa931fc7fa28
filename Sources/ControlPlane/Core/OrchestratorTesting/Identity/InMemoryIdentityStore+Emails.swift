public import Identity
public import Orchestrator
public import ProjectModel

extension InMemoryIdentityStore {
    /// Notes the address that waits.
    public func setPendingEmail(
        of account: String, to email: String?, at time: Timestamp
    ) async throws(StoreError) -> EmailOutcome {
        try await transaction { $0.setPendingEmail(of: account, to: email, at: time) }
    }

    /// Makes an address count.
    public func confirmEmail(
        _ email: String, of account: String, at time: Timestamp
    ) async throws(StoreError) -> EmailOutcome {
        try await transaction { $0.confirmEmail(email, of: account, at: time) }
    }

    /// Accounts with an address to confirm.
    public func unconfirmedAccounts(limit: Int) async throws(StoreError) -> [Account] {
        try await transaction { $0.unconfirmedAccounts(limit: limit) }
    }

    /// Whether an address is invited.
    public func isInvited(_ email: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await transaction { $0.isInvited(email, at: time) }
    }
}
