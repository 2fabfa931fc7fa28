package import APIKit
package import Identity
package import Orchestrator
import ProjectModel

/// Writes sign-ins and sign-ups into the account's own trail. Their routes are open, and a refused one must leave what
/// it changed (a throttle, a session that is revoked), so they do not run in the unit of work of other requests.
package struct SessionTrail: Sendable {
    package let units: any UnitOfWork
    package let ledger: any RequestLedger
    package let time: any TimeSource

    package init(units: any UnitOfWork, ledger: any RequestLedger, time: any TimeSource) {
        self.units = units
        self.ledger = ledger
        self.time = time
    }

    /// Adds an entry about an account before it has a token.
    package func add(
        _ action: String, by account: Account, in scope: AuditScope? = nil, session: String?, request: APIRequest,
        route: String
    ) async throws {
        let deed = AuditDeed(
            scope: scope ?? .account(account.id), at: time.now(), actorID: account.id, actorEmail: account.email,
            credential: session.map { "session \($0)" } ?? "none", action: action, route: route, status: 200,
            target: ["account": account.id], address: request.address,
            requestID: RequestIdentifier(headers: request.headers).text)
        try await units.perform { _ = try await ledger.append(deed) }
    }
}
