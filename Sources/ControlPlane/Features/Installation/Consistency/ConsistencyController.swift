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
struct ConsistencyBody: EncodableBody {
    struct Finding: EncodableBody {
        let finding: ConsistencyFinding

        init(_ finding: ConsistencyFinding) { self.finding = finding }

        static let shape = BodyShape<Self>([
            .init("id", of: \.finding.id),
            .init(
                "severity", Schema.choice(ConsistencyFinding.Severity.allCases.map(\.rawValue)),
                of: \.finding.severity.rawValue),
            .nullable("project_ref", .ref, of: \.finding.project?.text),
            .nullable("service", of: \.finding.service?.text),
            .nullable("subject", of: \.finding.subject),
            .init("found", of: \.finding.found),
            .init("advice", of: \.finding.advice),
        ])
    }

    let report: ConsistencyReport

    init(_ report: ConsistencyReport) { self.report = report }

    static let shape = BodyShape<Self>(
        "Consistency",
        [
            .init("checked_at", .time, of: \.report.at.rfc3339),
            .init(
                "severity", Schema.choice(ConsistencyFinding.Severity.allCases.map(\.rawValue)),
                of: \.report.severity.rawValue),
            .init("findings") { $0.report.findings.map(Finding.init) },
        ])

    private static let severities = Schema.choice(ConsistencyFinding.Severity.allCases.map(\.rawValue))
}
