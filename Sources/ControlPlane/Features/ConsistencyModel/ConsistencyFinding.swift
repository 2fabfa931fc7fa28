public import ProjectModel

/// One thing that a check found, or that it found to be well.
public struct ConsistencyFinding: Sendable, Equatable {
    /// How bad it is.
    public enum Severity: String, Sendable, CaseIterable, Comparable {
        /// As it should be.
        case ok
        /// It works, and something should be done before it does not.
        case warning
        /// Something is broken, or will be at the next step.
        case error

        /// By how bad it is.
        public static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    /// The rule that found it; scripts rely on the names.
    public var id: String
    /// How bad it is.
    public var severity: Severity
    /// The project that it is about.
    public var project: ProjectRef?
    /// The service that it is about.
    public var service: ServiceName?
    /// The object that it is about: the name of a container, network, volume or folder, a port, a path.
    public var subject: String?
    /// The finding: one sentence, never with a secret.
    public var found: String
    /// Advice; empty when the rule holds.
    public var advice: String

    public init(
        _ id: String, _ severity: Severity, project: ProjectRef? = nil, service: ServiceName? = nil,
        subject: String? = nil, found: String, advice: String = ""
    ) {
        self.id = id
        self.severity = severity
        self.project = project
        self.service = service
        self.subject = subject
        self.found = found
        self.advice = advice
    }
}

/// The findings of a check, the worst first.
public struct ConsistencyReport: Sendable, Equatable {
    /// When the check ended.
    public var at: Timestamp
    /// What was found: at least one entry for every rule that applied.
    public var findings: [ConsistencyFinding]

    public init(at: Timestamp, findings: [ConsistencyFinding]) {
        self.at = at
        self.findings = findings
    }

    /// The worst of all findings.
    public var severity: ConsistencyFinding.Severity { findings.map(\.severity).max() ?? .ok }
}
