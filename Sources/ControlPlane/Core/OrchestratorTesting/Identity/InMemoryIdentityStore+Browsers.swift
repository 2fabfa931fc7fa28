public import Identity
public import Orchestrator
public import ProjectModel

extension InMemoryIdentityStore {
    /// Opens a browser's session.
    public func openBrowserSession(
        _ session: NewBrowserSession, limit: Int
    ) async throws(StoreError) -> Account? {
        try await transaction { $0.open(session, limit: limit) }
    }

    /// The session of a cookie.
    public func browserSession(digest: String, at time: Timestamp) async throws(StoreError) -> BrowserSession? {
        try await transaction { $0.browserSession(digest: digest, at: time) }
    }

    /// Notes that a session is in use.
    public func noteUse(
        ofBrowserSession id: String, at time: Timestamp, notAfter: Timestamp
    ) async throws(StoreError) {
        try await transaction { $0.noteUse(ofBrowserSession: id, at: time, notAfter: notAfter) }
    }

    /// The live sessions of an account.
    public func sessions(of account: String, at time: Timestamp) async throws(StoreError) -> [SessionRecord] {
        try await transaction { $0.sessions(of: account, at: time) }
    }

    /// Sets a verifier where there is none.
    public func setFirstPassword(
        of account: String, verifier: Secret<String>, at time: Timestamp
    ) async throws(StoreError) -> Bool {
        try await transaction { state in
            guard state.accounts[account] != nil, state.verifiers[account] == nil else { return false }
            state.verifiers[account] = verifier
            state.accounts[account]?.updatedAt = time
            return true
        }
    }
}
