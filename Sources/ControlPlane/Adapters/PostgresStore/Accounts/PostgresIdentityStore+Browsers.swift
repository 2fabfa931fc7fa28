public import Identity
public import Orchestrator
import PostgresKit
public import ProjectModel

extension PostgresIdentityStore {
    /// Inserts a session and its cookie's digest.
    public func openBrowserSession(
        _ session: NewBrowserSession, limit: Int
    ) async throws(StoreError) -> Account? {
        try await transaction { try await BrowserSessionRows.open(session, limit: limit, in: $0) }
    }

    /// Selects the session of a cookie with its account's roles.
    public func browserSession(digest: String, at time: Timestamp) async throws(StoreError) -> BrowserSession? {
        try await reading { try await PrincipalRows.browser(digest: digest, at: time, in: $0) }
    }

    /// Updates the times of a session.
    public func noteUse(
        ofBrowserSession id: String, at time: Timestamp, notAfter: Timestamp
    ) async throws(StoreError) {
        try await transaction { try await BrowserSessionRows.note(id, at: time, notAfter: notAfter, in: $0) }
    }

    /// Selects the live sessions of an account.
    public func sessions(of account: String, at time: Timestamp) async throws(StoreError) -> [SessionRecord] {
        try await reading { try await BrowserSessionRows.list(of: account, at: time, in: $0) }
    }

    /// Updates a verifier that is null.
    public func setFirstPassword(
        of account: String, verifier: Secret<String>, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await transaction {
            try await BrowserSessionRows.setFirstPassword(of: account, verifier, at: time, in: $0)
        }
    }
}
