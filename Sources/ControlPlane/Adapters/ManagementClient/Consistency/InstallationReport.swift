import FoundationEssentials

/// The findings of a check of an installation, the worst first.
public struct InstallationReport: Codable, Sendable, Equatable {
    /// How bad something is.
    public enum Severity: String, Codable, Sendable {
        /// As it should be.
        case ok
        /// An action is advisable.
        case warning
        /// A rule is broken.
        case error
    }

    /// One thing that was found, or found to be well.
    public struct Finding: Codable, Sendable, Equatable {
        /// The rule.
        public var id: String
        /// How bad it is.
        public var severity: Severity
        /// The project that it is about.
        public var projectRef: String?
        /// The service that it is about.
        public var service: String?
        /// The object that it is about.
        public var subject: String?
        /// The finding.
        public var found: String
        /// Advice; empty when the rule holds.
        public var advice: String

        public init(
            id: String, severity: Severity, projectRef: String? = nil, service: String? = nil,
            subject: String? = nil, found: String, advice: String
        ) {
            self.id = id
            self.severity = severity
            self.projectRef = projectRef
            self.service = service
            self.subject = subject
            self.found = found
            self.advice = advice
        }

        enum CodingKeys: String, CodingKey {
            case id, severity, service, subject, found, advice
            case projectRef = "project_ref"
        }
    }

    /// When the check ended, in RFC 3339.
    public var checkedAt: String
    /// The worst of all findings.
    public var severity: Severity
    public var findings: [Finding]

    public init(checkedAt: String, severity: Severity, findings: [Finding]) {
        self.checkedAt = checkedAt
        self.severity = severity
        self.findings = findings
    }

    enum CodingKeys: String, CodingKey {
        case severity, findings
        case checkedAt = "checked_at"
    }
}

extension ManagementClient {
    /// Has the manager compare its records with the engine and the host.
    public func consistency() async throws(ClientError) -> InstallationReport {
        try await answer(APICall.post("platform", "debug", "consistency").unkeyed)
    }
}
