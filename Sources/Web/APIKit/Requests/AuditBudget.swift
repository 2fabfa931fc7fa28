package import Orchestrator
import Synchronization

/// Bytes of audit entries that each account causes: the trail is kept for ever, so nobody may fill the disk with it.
///
/// Sessions and tokens of an account are counted apart, and each session has some bytes of its own beyond what all of
/// them have: who found a token, or another session, keeps its owner neither from ending it nor from removing what it
/// left behind. Counted by this manager since its start.
package final class AuditBudget: Sendable {
    /// Bytes of one account's sessions, or of its tokens, within ``span``.
    package static let bytesMax = 64 << 20
    /// The same for what removes something.
    package static let removalBytesMax = 2 * bytesMax
    /// The most that all sessions of an account have, what is their own included.
    package static let sessionsBytesMax = 3 * bytesMax
    /// Bytes of one session's own.
    package static let ownBytesMax = 64 << 10
    package static let span: Duration = .seconds(86_400)
    /// Holders that are counted at the same time.
    private static let holdersMax = 20_000

    /// What an entry is about.
    package enum Kind: Sendable {
        case other
        /// It removes something, or takes access away.
        case removal
    }

    /// Who is counted.
    package struct Holder: Hashable, Sendable {
        let account: String
        /// A session, as the trail names it; nil for all tokens together.
        let session: String?

        package init(account: String, credential: String) {
            self.account = account
            session = credential.hasPrefix(IdempotencyKey.sessionPrefix) ? credential : nil
        }

        /// All sessions of the account together, or all of its tokens.
        fileprivate var whole: Holder {
            Holder(account: account, credential: session == nil ? "" : IdempotencyKey.sessionPrefix)
        }
    }

    private struct Use {
        var since: ContinuousClock.Instant
        var bytes = 0
    }

    private let uses = Mutex<[Holder: Use]>([:])

    package init() {}

    /// Whether a holder may cause another entry.
    package func hasRoom(for holder: Holder, kind: Kind, at now: ContinuousClock.Instant = .now) -> Bool {
        uses.withLock { uses in
            func bytes(_ holder: Holder) -> Int {
                uses[holder].map { $0.since + Self.span > now ? $0.bytes : 0 } ?? 0
            }
            let whole = bytes(holder.whole)
            if whole < (kind == .other ? Self.bytesMax : Self.removalBytesMax) { return true }
            return holder.session != nil && bytes(holder) < Self.ownBytesMax && whole < Self.sessionsBytesMax
        }
    }

    /// Counts an entry.
    package func charge(_ holder: Holder, bytes: Int, at now: ContinuousClock.Instant = .now) {
        uses.withLock { uses in
            Self.add(bytes, to: &uses[holder.whole], at: now)
            if holder.session != nil { Self.add(bytes, to: &uses[holder], at: now) }
            guard uses.count > Self.holdersMax else { return }
            // Those who caused least are forgotten.
            let kept = uses.sorted { $0.value.bytes > $1.value.bytes }.prefix(Self.holdersMax / 2)
            uses = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
        }
    }

    private static func add(_ bytes: Int, to use: inout Use?, at now: ContinuousClock.Instant) {
        var present = use ?? Use(since: now)
        if present.since + span <= now { present = Use(since: now) }
        present.bytes += bytes
        use = present
    }
}

extension Route {
    /// What its entries are about.
    package var auditKind: AuditBudget.Kind { diskNeed == .removal ? .removal : .other }
}

extension AuditDeed {
    /// What the entry takes, without what every entry has.
    package var byteCount: Int {
        [target, before, after].joined().reduce(Self.fixedBytes) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// Times, hashes, names of route, account and request.
    private static let fixedBytes = 1_024
}
