import Orchestrator
import Synchronization

/// Where a request whose time is up leaves what has to be written down about it: its own task is cancelled by then, and
/// a cancelled task gets no connection to the database.
final class UnfinishedDeed: Sendable {
    private let left = Mutex<AuditDeed?>(nil)

    /// What was left; nil when the request has written everything down by itself.
    var deed: AuditDeed? { left.withLock { $0 } }

    /// Leaves a deed.
    func leave(_ deed: AuditDeed) { left.withLock { $0 = deed } }
}
