import Identity
import Logging
import Orchestrator
import ProjectModel

/// The manager's own jobs: they remove what has expired, and write the ends of the audit trails to the log.
struct Housekeeping {
    let directory: AccountDirectory
    let ledger: any RequestLedger
    let custody: any CustodyStore
    let jobs: any JobStore
    let time: any TimeSource
    let logger: Logger

    /// Time between two removals of what has expired.
    static let interval: Duration = .seconds(600)
    /// Time between two records of where the audit trails end.
    static let headsInterval: Duration = .seconds(86_400)
    /// Trails whose ends are recorded at most.
    static let headsMax = 10_000
    /// Time between two removals of receipts.
    static let receiptsInterval: Duration = .seconds(86_400)
    /// Time between two removals of jobs that are over.
    static let jobsInterval: Duration = .seconds(3_600)
    /// Jobs that one transaction removes.
    static let jobsRemovedMax = 1_000

    /// What each of them does, and when. Their phases lie apart, so that they do not meet.
    var definitions: [JobDefinition] {
        [
            define(.expiredAnswers, every: Self.interval, phase: .seconds(90), startsWithTerm: true) { _ in
                let old = time.now() + .seconds(-IdempotencyKey.lifetime.components.seconds)
                let count = try await ledger.expire(before: old)
                return "\(count) removed"
            },
            define(.expiredSessions, every: Self.interval, phase: .seconds(150), startsWithTerm: true) { _ in
                let count = try await directory.purge()
                return "\(count) removed"
            },
            define(.auditHeads, every: Self.headsInterval, phase: .seconds(3_600), startsWithTerm: true) { _ in
                try await recordHeads()
            },
            define(.oldReceipts, every: Self.receiptsInterval, phase: .seconds(7_200)) { job in
                let now = time.now()
                guard job.hasRunLately(now: now) else { return "nothing removed: it has not run lately" }
                let old = now + .seconds(-CustodyLimits.receiptsKept.components.seconds)
                return try await removeAll(CustodyLimits.receiptsRemovedMax) { limit in
                    try await custody.removeReceipts(endedBefore: old, limit: limit)
                }
            },
            define(.finishedJobs, every: Self.jobsInterval, phase: .seconds(210)) { _ in
                let now = time.now()
                return try await removeAll(Self.jobsRemovedMax) { limit in
                    try await jobs.removeFinished(before: now, limit: limit)
                }
            },
        ]
    }

    private func define(
        _ kind: JobKind, every interval: Duration, phase: Duration, startsWithTerm: Bool = false,
        _ work: @Sendable @escaping (Job) async throws -> String
    ) -> JobDefinition {
        let recurring = JobDefinition.Recurring(
            JobInterval(interval, phase: phase), startsWithTerm: startsWithTerm)
        return JobDefinition(kind, recurring: recurring, parallelMax: 1) { try await work($0.job) }
    }

    /// Removes in parts until nothing is left.
    private func removeAll(_ limit: Int, _ remove: (Int) async throws -> Int) async throws -> String {
        var total = 0
        while true {
            let count = try await remove(limit)
            total += count
            if count < limit { return "\(total) removed" }
            try Task.checkCancellation()
        }
    }

    /// Writes the heads of all audit trails to the log, which is kept elsewhere: an attacker who changes the database
    /// cannot change them there.
    private func recordHeads() async throws -> String {
        let scopes = try await ledger.scopes(limit: Self.headsMax)
        for scope in scopes {
            let head = try await ledger.head(of: scope)
            logger.log(
                level: head.signature == .invalid ? .error : .info,
                head.signature == .invalid
                    ? "the stored end of an audit trail was replaced: it does not have this manager's signature"
                    : "an audit trail ends here",
                metadata: [
                    "trail": "\(scope.text)", "end": "\(head.number):\(head.hash)",
                    "signature": "\(head.signature.rawValue)",
                ])
        }
        return "\(scopes.count) recorded"
    }
}
