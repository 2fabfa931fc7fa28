public import Orchestrator
public import ProjectModel

/// Sessions of browsers, which a cookie stands for. Each is a session as any other, so that what ends those ends these:
/// a sign-out, a new password, the end of the account.
public protocol BrowserSessionStore: Sendable {
    /// Opens a session under the conditions of ``IdentityStore/openSession(_:limit:)``.
    func openBrowserSession(_ session: NewBrowserSession, limit: Int) async throws(StoreError) -> Account?
    /// The session of a cookie that is live at `time`; one query.
    func browserSession(digest: String, at time: Timestamp) async throws(StoreError) -> BrowserSession?
    /// Notes that a session is in use, and moves its end without further use; not past the end of its life.
    func noteUse(ofBrowserSession id: String, at time: Timestamp, notAfter: Timestamp) async throws(StoreError)
    /// All sessions of an account that are live at `time`, newest first.
    func sessions(of account: String, at time: Timestamp) async throws(StoreError) -> [SessionRecord]
    /// Sets the verifier of an account that has none; false when it has one, or does not exist.
    func setFirstPassword(of account: String, verifier: Secret<String>, at time: Timestamp) async throws(StoreError)
        -> Bool
}
