public import Orchestrator
import ProjectModel

/// What every ``RequestLedger`` promises, inside the units of work that it belongs to.
public enum RequestLedgerContract {
    private struct Failed: Error {}

    private static let time = Timestamp(milliseconds: 1_800_000_000_000)

    /// Checks every promise on an empty ledger; throws the first that is broken.
    public static func run(on ledger: any RequestLedger, in units: any UnitOfWork) async throws {
        try await checkTrail(ledger, units)
        try await checkRollback(ledger, units)
        try await checkKeys(ledger, units)
        try await checkInterruption(ledger, units)
        try await checkRoom(ledger, units)
    }

    private static func deed(_ action: String, of organization: String = "acme", later seconds: Int = 0) -> AuditDeed {
        AuditDeed(
            scope: .organization(organization), at: time + .seconds(seconds), actorID: "id", actorEmail: "a@b.c",
            credential: "session 1", action: action, route: "POST /x", status: 200, target: ["project": "p"],
            address: "127.0.0.1", requestID: "r", before: ["a": "1"], after: ["a": "2", "b": ""])
    }

    private static func checkTrail(_ ledger: any RequestLedger, _ units: any UnitOfWork) async throws {
        for (number, action) in ["one", "two", "three"].enumerated() {
            let entry = try await units.perform { try await ledger.append(deed(action, later: number)) }
            try promise("numbers count from one", entry.number == Int64(number) + 1)
        }
        _ = try await units.perform { try await ledger.append(deed("elsewhere", of: "other")) }
        let head = try await ledger.head(of: .organization("acme"))
        let last = try await ledger.trail(AuditQuery(scope: .organization("acme"), limit: 1)).first
        try promise("the head is that of the last entry", head.number == 3 && head.hash == last?.hash)
        try promise("and signed", head.signature == .valid)
        try promise("a trail without entries has no head", try await ledger.head(of: .account("none")) == .empty)
        let scopes: [AuditScope] = [.organization("acme"), .organization("other")]
        try promise("every trail is named once, in order", try await ledger.scopes(limit: 10) == scopes)
        try promise("no more trails are named than requested", try await ledger.scopes(limit: 1) == [scopes[0]])
        let trail = try await ledger.trail(AuditQuery(scope: .organization("acme")))
        try promise("entries come newest first", trail.map(\.deed.action) == ["three", "two", "one"])
        try promise("an entry comes back as it was", trail.last?.deed == deed("one"))
        try promise("the first entry has none before it", trail.last?.previousHash == AuditEntry.noHash)
        for (entry, previous) in zip(trail, trail.dropFirst()) {
            try promise("entries are chained", entry.previousHash == previous.hash)
        }
        var query = AuditQuery(scope: .organization("acme"), limit: 1)
        query.before = 3
        try promise("pages continue below a number", try await ledger.trail(query).map(\.number) == [2])
        query = AuditQuery(scope: .organization("acme"), limit: 2)
        query.after = 0
        try promise("a whole trail comes oldest first", try await ledger.trail(query).map(\.number) == [1, 2])
        query.after = 2
        try promise("and continues above a number", try await ledger.trail(query).map(\.number) == [3])
        query = AuditQuery(scope: .organization("acme"), from: time + .seconds(1), to: time + .seconds(1))
        try promise("a span of time", try await ledger.trail(query).map(\.number) == [2])
        let other = try await ledger.trail(AuditQuery(scope: .organization("other")))
        try promise("trails are apart", other.map(\.number) == [1])
        let none = try await ledger.trail(AuditQuery(scope: .account("acme")))
        try promise("accounts are no organizations", none.isEmpty)
    }

    private static func checkRollback(_ ledger: any RequestLedger, _ units: any UnitOfWork) async throws {
        do {
            try await units.perform {
                _ = try await ledger.append(deed("undone", of: "rolled-back"))
                throw Failed()
            }
        } catch is Failed {}
        let trail = try await ledger.trail(AuditQuery(scope: .organization("rolled-back")))
        try promise("what fails leaves no entry", trail.isEmpty)
        let entry = try await units.perform { try await ledger.append(deed("done", of: "rolled-back")) }
        try promise("what fails leaves no gap", entry.number == 1)
    }

    private static func checkKeys(_ ledger: any RequestLedger, _ units: any UnitOfWork) async throws {
        let key = IdempotencyKey(account: "a", credential: "session 1", text: "k", payload: [1, 2])
        let answer = StoredAnswer(status: 201, headers: ["Content-Type": "x"], sealedBody: [0, 255])
        try await units.perform {
            try promise("an unknown key is new", try await ledger.claim(key, at: time) == .new)
            try await ledger.keep(answer, for: key, at: time)
        }
        let known = try await units.perform { try await ledger.claim(key, at: time + .seconds(3_600)) }
        try promise("a kept answer comes back", known == .answered(answer))
        var other = key
        other.payload = [1, 3]
        let refused = try await units.perform { [other] in try await ledger.claim(other, at: time) }
        try promise("another payload is detected", refused == .otherPayload)
        other = key
        other.account = "b"
        let free = try await units.perform { [other] in try await ledger.claim(other, at: time) }
        try promise("accounts are apart", free == .new)
        other = key
        other.credential = "session 2"
        let unknown = try await units.perform { [other] in try await ledger.claim(other, at: time) }
        try promise("so are the credentials of one account", unknown == .new)
        let late = time + IdempotencyKey.lifetime + .seconds(1)
        let forgotten = try await units.perform {
            let claim = try await ledger.claim(key, at: late)
            try await ledger.keep(answer, for: key, at: late)
            return claim
        }
        try promise("an old key is new again", forgotten == .new)
        let expired = try await ledger.expire(before: late + .seconds(1))
        try promise("old answers are forgotten", expired == 1)
    }

    private static func checkRoom(_ ledger: any RequestLedger, _ units: any UnitOfWork) async throws {
        @Sendable func key(
            _ text: String, _ account: String = "full", by credential: String = "session 1"
        ) -> IdempotencyKey {
            IdempotencyKey(account: account, credential: credential, text: text, payload: [1])
        }
        @Sendable func claim(_ key: IdempotencyKey, after seconds: Int64 = 1) async throws -> IdempotencyClaim {
            try await units.perform { try await ledger.claim(key, at: time + .seconds(seconds)) }
        }
        let parts = 8
        let body = [UInt8](repeating: 1, count: IdempotencyKey.bytesPerAccountMax / parts)
        let answer = StoredAnswer(status: 200, headers: [:], sealedBody: body)
        for number in 1...parts {
            let claim = try await units.perform {
                let claim = try await ledger.claim(key("\(number)"), at: time)
                try await ledger.keep(answer, for: key("\(number)"), at: time)
                return claim
            }
            try promise("there is room for the answers of an account", claim == .new)
        }
        try promise("up to a limit", try await claim(key("more")) == .full)
        try promise("what is kept is answered still", try await claim(key("1")) == .answered(answer))
        try promise("for all sessions together", try await claim(key("more", by: "session 2")) == .full)
        try promise("its tokens have room of their own", try await claim(key("more", by: "access_token 1")) == .new)
        try promise("other accounts have room of their own", try await claim(key("more", "other")) == .new)
        let later = IdempotencyKey.lifetime.components.seconds + 1
        try promise("old answers take no room", try await claim(key("more"), after: later) == .new)
    }

    private static func checkInterruption(_ ledger: any RequestLedger, _ units: any UnitOfWork) async throws {
        let key = IdempotencyKey(account: "a", credential: "session 1", text: "begun", payload: [7])
        try await units.perform {
            _ = try await ledger.claim(key, at: time)
            try await ledger.begin(key, at: time)
        }
        let soon = try await units.perform { try await ledger.claim(key, at: time + .seconds(5)) }
        try promise("a request that began is in progress", soon == .inProgress)
        let late = try await units.perform {
            try await ledger.claim(key, at: time + IdempotencyKey.requestDeadlineMax)
        }
        try promise("also as long as the longest request may take", late == .inProgress)
        let later = try await units.perform { try await ledger.claim(key, at: time + IdempotencyKey.inProgressMax) }
        try promise("and interrupted when it takes too long", later == .interrupted(since: time))
        try await units.perform { try await ledger.release(key) }
        let free = try await units.perform { try await ledger.claim(key, at: time) }
        try promise("a released key is free", free == .new)
    }
}
