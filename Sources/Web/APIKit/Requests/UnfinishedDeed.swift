package import Orchestrator
import Synchronization

/// The audit event of a request whose deadline passes: its own task is cancelled by then, and a cancelled task gets no
/// connection to the database.
package final class UnfinishedDeed: Sendable {
    private let left = Mutex<AuditDeed?>(nil)

    package init() {}

    /// The pending event; nil when the request has stored everything itself.
    package var deed: AuditDeed? { left.withLock { $0 } }

    /// Leaves an event.
    package func leave(_ deed: AuditDeed) { left.withLock { $0 = deed } }
}
