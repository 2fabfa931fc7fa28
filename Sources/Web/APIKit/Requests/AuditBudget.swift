package import Orchestrator
import Synchronization

/// Bytes of audit entries that each account causes: the trail is kept for ever, so nobody may fill the disk with it.
/// Counted by this manager since its start.
package final class AuditBudget: Sendable {
    /// Bytes of one account within ``span``.
    package static let bytesMax = 64 << 20
    /// How much more what ends or removes something may take.
    private static let reserve = 2
    package static let span: Duration = .seconds(86_400)
    /// Accounts that are counted at the same time.
    private static let accountsMax = 10_000

    private struct Use {
        var since: ContinuousClock.Instant
        var bytes = 0
    }

    private let uses = Mutex<[String: Use]>([:])

    package init() {}

    /// Whether an account may cause another entry.
    package func hasRoom(for account: String, need: DiskNeed, at now: ContinuousClock.Instant = .now) -> Bool {
        let limit = need == .none ? Self.bytesMax * Self.reserve : Self.bytesMax
        return uses.withLock { uses in
            guard let use = uses[account], use.since + Self.span > now else { return true }
            return use.bytes < limit
        }
    }

    /// Counts an entry.
    package func charge(_ account: String, bytes: Int, at now: ContinuousClock.Instant = .now) {
        uses.withLock { uses in
            var use = uses[account] ?? Use(since: now)
            if use.since + Self.span <= now { use = Use(since: now) }
            use.bytes += bytes
            uses[account] = use
            guard uses.count > Self.accountsMax else { return }
            // Those who caused least are forgotten.
            let kept = uses.sorted { $0.value.bytes > $1.value.bytes }.prefix(Self.accountsMax / 2)
            uses = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
    }
}

extension AuditDeed {
    /// What the entry takes, without what every entry has.
    package var byteCount: Int {
        [target, before, after].joined().reduce(Self.fixedBytes) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// Times, hashes, names of route, account and request.
    private static let fixedBytes = 640
}
