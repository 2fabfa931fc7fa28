import APIKit
import ConsistencyModel
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `POST /platform/debug/consistency`: whether the installation is as its records say. It is about all projects of all
/// organizations and about the host, so it is for those who administer the organization that every installation begins
/// with: its owner is who set the installation up.
struct ConsistencyController: Sendable {
    let check: InstallationFeature.ConsistencyCheck

    var routes: [Route] {
        [
            Route(
                .post, "/platform/debug/consistency", access: .installation(.organizationAdminWrite),
                operation: Operation(
                    summary: "Compare records, engine and host, and say what to do about every difference; for "
                        + "administrators of the organization \(Organization.defaultSlug)",
                    answer: .of(ConsistencyBody.self),
                    refusals: [
                        Operation.Refusal(
                            status: .notFound, meaning: "not a member of the organization \(Organization.defaultSlug)")
                    ]), handler: run)
        ]
    }

    private func run(_ request: APIRequest) async throws -> APIResponse {
        return try APIResponse(json: ConsistencyBody(await check()))
    }
}

/// The findings of a check, the worst first.
struct ConsistencyBody: Encodable, Sendable, Documented {
    let checkedAt: String
    let severity: String
    let findings: [Finding]

    struct Finding: Encodable, Sendable {
        let id: String
        let severity: String
        let projectRef: Nullable<String>
        let service: Nullable<String>
        let subject: Nullable<String>
        let found: String
        let advice: String

        enum CodingKeys: String, CodingKey {
            case id, severity, service, subject, found, advice
            case projectRef = "project_ref"
        }

        init(_ finding: ConsistencyFinding) {
            id = finding.id
            severity = finding.severity.rawValue
            projectRef = Nullable(finding.project?.text)
            service = Nullable(finding.service?.text)
            subject = Nullable(finding.subject)
            found = finding.found
            advice = finding.advice
        }
    }

    enum CodingKeys: String, CodingKey {
        case severity, findings
        case checkedAt = "checked_at"
    }

    init(_ report: ConsistencyReport) {
        checkedAt = report.at.rfc3339
        severity = report.severity.rawValue
        findings = report.findings.map(Finding.init)
    }

    private static let severities = Schema.choice(ConsistencyFinding.Severity.allCases.map(\.rawValue))

    static let schema = Schema.named(
        "Consistency",
        .fields(
            .init("checked_at", .time), .init("severity", severities),
            .init(
                "findings",
                .array(
                    .fields(
                        .init("id", .text), .init("severity", severities), .init("project_ref", .nullable(.ref)),
                        .init("service", .nullable(.text)), .init("subject", .nullable(.text)),
                        .init("found", .text), .init("advice", .text))))))
}
