import ManagementClient
import Orchestrator

extension AuditTrailCheck {
    /// What is wrong with entries that follow each other, oldest first; nil when they form a chain.
    static func damage(in entries: [AuditEntry]) -> String? {
        let entries = entries.map { entry in
            AuditTrailEntry(
                number: entry.number, previousHash: entry.previousHash, hash: entry.hash,
                canonical: entry.deed.canonical(number: entry.number))
        }
        guard let first = entries.first else { return nil }
        var check = AuditTrailCheck(before: first)
        do throws(Break) {
            for entry in entries { try check.check(entry) }
            return nil
        } catch { return "\(error)" }
    }
}
