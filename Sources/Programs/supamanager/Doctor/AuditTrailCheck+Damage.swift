import ManagementClient
import Orchestrator

extension AuditTrailCheck {
    /// What is wrong with the last entries of a trail, oldest first, and with its end as it was before they were read;
    /// nil when they form a chain that reaches the end.
    static func damage(in entries: [AuditEntry], end: AuditHead) -> String? {
        do throws(Break) {
            try checkChain(entries)
            guard let last = entries.last?.number ?? (end.number > 0 ? 0 : nil) else { return nil }
            guard last >= end.number else { throw Break(number: last, reason: .missingEnd(last: end.number)) }
            if let entry = entries.first(where: { $0.number == end.number }), entry.hash != end.hash {
                throw Break(number: end.number, reason: .wrongEnd)
            }
            guard end.signature != .invalid else { throw Break(number: end.number, reason: .replacedEnd) }
            return nil
        } catch { return "\(error)" }
    }

    private static func checkChain(_ entries: [AuditEntry]) throws(Break) {
        let entries = entries.map { entry in
            AuditTrailEntry(
                number: entry.number, previousHash: entry.previousHash, hash: entry.hash,
                canonical: entry.deed.canonical(number: entry.number))
        }
        guard let first = entries.first else { return }
        var check = AuditTrailCheck(before: first)
        for entry in entries { try check.check(entry) }
    }
}
