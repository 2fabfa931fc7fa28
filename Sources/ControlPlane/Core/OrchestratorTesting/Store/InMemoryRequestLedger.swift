public import Orchestrator
public import ProjectModel
import Synchronization

/// Audit trails and answers in memory. Hashes are counted, not computed: no double knows cryptography.
public final class InMemoryRequestLedger: RequestLedger, Revertible {
    private struct Known {
        var payload: [UInt8]
        var begunAt: Timestamp
        var answer: StoredAnswer?
    }

    private struct State {
        var trails: [AuditScope: [AuditEntry]] = [:]
        var keys: [IdempotencyKey.Name: Known] = [:]
        var signature = AuditSignature.valid
    }

    private let state = Mutex(State())

    public init() {}

    /// Adds an entry.
    public func append(_ deed: AuditDeed) async throws(StoreError) -> AuditEntry {
        state.withLock { state in
            let trail = state.trails[deed.scope] ?? []
            let number = Int64(trail.count) + 1
            let digits = String(number)
            let entry = AuditEntry(
                number: number, deed: deed, previousHash: trail.last?.hash ?? AuditEntry.noHash,
                hash: String(repeating: "0", count: 64 - digits.count) + digits)
            state.trails[deed.scope] = trail + [entry]
            return entry
        }
    }

    /// Entries, newest first.
    public func trail(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry] {
        state.withLock { state in
            let wanted = (state.trails[query.scope] ?? []).filter { entry in
                (query.from.map { entry.deed.at >= $0 } ?? true) && (query.to.map { entry.deed.at <= $0 } ?? true)
                    && (query.before.map { entry.number < $0 } ?? true)
                    && (query.after.map { entry.number > $0 } ?? true)
            }
            return Array((query.after == nil ? wanted.reversed() : wanted).prefix(query.limit))
        }
    }

    /// The last entry of a trail.
    public func head(of scope: AuditScope) async throws(StoreError) -> AuditHead {
        state.withLock { state in
            state.trails[scope]?.last
                .map { AuditHead(number: $0.number, hash: $0.hash, signature: state.signature) } ?? .empty
        }
    }

    /// Scopes by name.
    public func scopes(limit: Int) async throws(StoreError) -> [AuditScope] {
        state.withLock { Array($0.trails.keys.sorted { $0.text < $1.text }.prefix(limit)) }
    }

    /// Makes the signatures of all heads appear so.
    public func setSignature(_ signature: AuditSignature) { state.withLock { $0.signature = signature } }

    /// Everything in all trails, for tests.
    public var entries: [AuditEntry] { state.withLock { $0.trails.values.flatMap { $0 } } }

    /// The state of a key.
    public func claim(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) -> IdempotencyClaim {
        state.withLock { state in
            guard let known = state.keys[key.name], time.since(known.begunAt) < IdempotencyKey.lifetime else {
                state.keys[key.name] = nil
                let kept = state.keys.filter {
                    $0.key.account == key.account && $0.key.isOfSession == key.isOfSession
                        && time.since($0.value.begunAt) < IdempotencyKey.lifetime
                }
                let bytes = kept.values.reduce(0) { $0 + ($1.answer?.sealedBody.count ?? 0) }
                return IdempotencyKey.hasRoom(answers: kept.count, bytes: bytes) ? .new : .full
            }
            guard known.payload == key.payload else { return .otherPayload }
            if let answer = known.answer { return .answered(answer) }
            return time.since(known.begunAt) < IdempotencyKey.inProgressMax
                ? .inProgress : .interrupted(since: known.begunAt)
        }
    }

    /// Remembers an answer.
    public func keep(_ answer: StoredAnswer, for key: IdempotencyKey, at time: Timestamp) async throws(StoreError) {
        state.withLock { state in
            let begunAt = state.keys[key.name]?.begunAt ?? time
            state.keys[key.name] = Known(payload: key.payload, begunAt: begunAt, answer: answer)
        }
    }

    /// Remembers that a request began.
    public func begin(_ key: IdempotencyKey, at time: Timestamp) async throws(StoreError) {
        state.withLock { $0.keys[key.name] = Known(payload: key.payload, begunAt: time, answer: nil) }
    }

    /// Forgets a key.
    public func release(_ key: IdempotencyKey) async throws(StoreError) {
        state.withLock { $0.keys[key.name] = nil }
    }

    /// Forgets old keys.
    public func expire(before time: Timestamp) async throws(StoreError) -> Int {
        state.withLock { state in
            let count = state.keys.count
            state.keys = state.keys.filter { $0.value.begunAt >= time }
            return count - state.keys.count
        }
    }

    /// Returns a closure that restores the present state.
    public func checkpoint() -> @Sendable () -> Void {
        let copy = state.withLock { ($0.trails, $0.keys) }
        return { [self] in state.withLock { ($0.trails, $0.keys) = copy } }
    }
}

extension IdempotencyKey {
    fileprivate struct Name: Hashable {
        let account: String
        let credential: String
        let text: String

        var isOfSession: Bool { credential.hasPrefix(IdempotencyKey.sessionPrefix) }
    }

    fileprivate var name: Name { Name(account: account, credential: credential, text: text) }
}
