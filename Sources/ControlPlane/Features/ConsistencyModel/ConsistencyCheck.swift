import ProjectModel

/// The rules that must hold on a live installation, from the database to the kernel. Pure: facts in, findings out.
public enum ConsistencyCheck {
    /// Most findings of one rule that are reported singly; beyond that only their number.
    public static let findingsPerRuleMax = 50

    /// One thing that must hold.
    struct Rule: Sendable {
        /// Its name.
        let id: String
        /// The text when the rule holds.
        let whenWell: String
        /// Every violation; nil when its input could not be read.
        let violations: @Sendable (ConsistencyFacts) -> [ConsistencyFinding]?
    }

    /// What the rules say about the facts: every violation, the rules that hold, and what could not be read.
    public static func findings(in facts: ConsistencyFacts) -> [ConsistencyFinding] {
        let judged = rules.flatMap { rule -> [ConsistencyFinding] in
            guard let violations = rule.violations(facts) else { return [] }
            if violations.isEmpty { return [ConsistencyFinding(rule.id, .ok, found: rule.whenWell)] }
            return bounded(violations, rule.id)
        }
        // Stable: within a severity the order of the rules.
        let all = (unread(facts) + judged).enumerated()
        return all.sorted { ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset) }.map(\.element)
    }

    /// Those of `second` that `first` has too: what was only on its way while it was read is in one of the two.
    public static func confirmed(_ first: [ConsistencyFinding], _ second: [ConsistencyFinding]) -> [ConsistencyFinding]
    {
        second.filter { finding in finding.severity == .ok || first.contains { $0.isSame(as: finding) } }
    }

    static let rules: [Rule] = projectRules + engineRules + hostRules

    private static func bounded(_ findings: [ConsistencyFinding], _ id: String) -> [ConsistencyFinding] {
        guard findings.count > findingsPerRuleMax else { return findings }
        let rest = findings.count - findingsPerRuleMax
        let severity = findings.dropFirst(findingsPerRuleMax).map(\.severity).max() ?? .warning
        return findings.prefix(findingsPerRuleMax) + [
            ConsistencyFinding(
                id, severity, found: "and \(rest) more of this kind", advice: "deal with those above, then check again")
        ]
    }

    // MARK: What could not be read

    private static func unread(_ facts: ConsistencyFacts) -> [ConsistencyFinding] {
        let words = facts.settings.words
        let engineAdvice = "see that \(words.engineIsReachable)"
        let databaseAdvice = "see that PostgreSQL runs and that \(words.databaseOption) is right, then check its log"
        let hostAdvice = "see that /proc is mounted and that the manager's user may read the path"
        return [
            unread("engine.answers", reading: facts.engine, found: "the engine cannot be read", advice: engineAdvice),
            unread(
                "database.answers", reading: facts.database, found: "the database cannot be read",
                advice: databaseAdvice),
            unread(
                "projects.read", reading: facts.projects, found: "the projects cannot be read", advice: databaseAdvice),
            unread("leases.read", reading: facts.holders, found: "the leases cannot be read", advice: databaseAdvice),
            unread(
                "secrets.read", reading: facts.secrets, found: "the sealed secrets cannot be read",
                advice: databaseAdvice),
            unread(
                "audit.read", reading: facts.trails, found: "the audit trails cannot be read", advice: databaseAdvice),
            unread(
                "images.read", reading: facts.missingImages, found: "the engine's images cannot be listed",
                advice: engineAdvice),
            unread(
                "ports.read", reading: facts.listening, found: "the host's listening ports cannot be read",
                advice: hostAdvice),
            unread("routes.read", reading: facts.routes, found: "the host's routes cannot be read", advice: hostAdvice),
            unread(
                "folders.read", reading: facts.folders, found: "the folders of projects cannot be read",
                advice: hostAdvice),
            unread("disk.read", reading: facts.disks, found: "the free space cannot be read", advice: hostAdvice),
            unread(
                "kernel.read", reading: facts.kernel, found: "values of the kernel cannot be read", advice: hostAdvice),
        ].compactMap(\.self)
    }

    private static func unread<Value>(
        _ id: String, reading: ConsistencyReading<Value>, found: String, advice: String
    ) -> ConsistencyFinding? {
        guard case .failed(let reason) = reading else { return nil }
        return ConsistencyFinding(id, .error, found: "\(found): \(reason)", advice: advice)
    }
}

extension ConsistencyFinding {
    /// Whether two findings are the same violation; numbers in the text may have moved on.
    fileprivate func isSame(as other: ConsistencyFinding) -> Bool {
        (id, severity, project) == (other.id, other.severity, other.project)
            && (service, subject) == (other.service, other.subject)
    }
}
