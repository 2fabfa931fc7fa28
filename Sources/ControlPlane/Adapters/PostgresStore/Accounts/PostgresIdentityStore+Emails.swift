public import Identity
public import Orchestrator
import PostgresKit
public import ProjectModel

extension PostgresIdentityStore {
    /// Updates the address that waits.
    public func setPendingEmail(
        of account: String, to email: String?, at time: Timestamp
    ) async throws(StoreError) -> EmailOutcome {
        try await transaction { try await EmailRows.setPending(email, of: account, at: time, in: $0) }
    }

    /// Updates the address; the unique index shows whether another account has it.
    public func confirmEmail(
        _ email: String, of account: String, at time: Timestamp
    ) async throws(StoreError) -> EmailOutcome {
        do {
            return try await AmbientTransaction.run(on: pool) { transaction in
                try await EmailRows.confirm(email, of: account, at: time, in: transaction)
            }
        } catch {
            if (error as? PostgresError)?.constraint == "accounts_email" { return .emailTaken }
            throw PostgresProjectStore.storeError(error)
        }
    }

    /// Selects accounts with an address to confirm.
    public func unconfirmedAccounts(limit: Int) async throws(StoreError) -> [Account] {
        try await reading { try await EmailRows.unconfirmed(limit: limit, in: $0) }
    }

    /// Selects whether an address is invited.
    public func isInvited(_ email: String, at time: Timestamp) async throws(StoreError) -> Bool {
        try await reading { try await EmailRows.isInvited(email, at: time, in: $0) }
    }
}
