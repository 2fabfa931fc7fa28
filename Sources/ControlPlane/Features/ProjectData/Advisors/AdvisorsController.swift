import APIKit
import FeatureKit
import FoundationEssentials
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import SettingTables

/// Advice about a project's database: every answer comes from checks that ran for it, and a database that cannot be
/// asked is an error, not an answer without findings. Settings of auth, TLS and backups are not checked.
struct AdvisorsController: Sendable {
    let catalog: ProjectCatalog
    let reach: ProjectReach
    let time: any TimeSource

    private static let schemasSetting = "db_schema"
    /// The schemas that the data API serves by default.
    private static let schemasByDefault = ["public"]

    var routes: [Route] {
        let body = Schema.fields(
            .init("lints", .array(LintFinding.documentation)), .init("checked_at", .time),
            .init("is_complete", .boolean))
        return DatabaseLint.Category.allCases.map { category in
            let name = category.rawValue.lowercased()
            return Route(
                .get, "/v1/projects/{ref}/advisors/\(name)", access: .permission(.advisorsRead),
                operation: Operation(
                    summary: "Check the database now: \(name)",
                    query: [
                        .init(name: "lint_type", schema: .choice(["sql"]), description: "Kind of checks; SQL only")
                    ], answer: .json(body), refusals: [.noAnswer])
            ) { request in
                let report = try await report(request, DatabaseLint.allCases.filter { $0.category == category })
                return try APIResponse(
                    json: JSON.object([
                        "lints": .array(report.findings.map(\.json)), "checked_at": .string(report.at.rfc3339),
                        "is_complete": .boolean(report.isComplete),
                    ]))
            }
        } + [
            Route(
                .get, "/platform/projects/{ref}/run-lints", access: .permission(.advisorsRead),
                operation: Operation(
                    summary: "Check the database now: security and performance",
                    answer: .json(.array(LintFinding.documentation)), refusals: [.noAnswer])
            ) { request in
                let report = try await report(request, DatabaseLint.allCases)
                return try APIResponse(json: report.findings.map(\.json))
            }
        ]
    }

    private struct Report {
        let findings: [LintFinding]
        let isComplete: Bool
        let at: Timestamp
    }

    private func report(_ request: APIRequest, _ lints: [DatabaseLint]) async throws -> Report {
        let record = try request.project()
        let roles = try await catalog.stack(of: record).roles
        let query = LintQuery.text(lints, exposed: try await exposedSchemas(of: record), of: roles)
        let answer = try await reach.run(query, on: record, for: try request.caller())
        let found: [LintFinding]
        do { found = try JSONDecoder().decode([LintFinding].self, from: Data(answer.json)) } catch {
            throw APIError.unavailable("the database of project \(record.ref) did not answer the checks as expected")
        }
        return Report(
            findings: Array(found.prefix(LintQuery.findingsMax)), isComplete: found.count <= LintQuery.findingsMax,
            at: time.now())
    }

    private func exposedSchemas(of record: ProjectRecord) async throws -> [String] {
        let values = StackSettings.rest.values(try await catalog.settings(of: record.ref))
        guard case .text(let list)? = values[Self.schemasSetting] else { return Self.schemasByDefault }
        return list.split { $0 == "," || $0 == " " }.map(String.init)
    }
}

extension Operation.Refusal {
    fileprivate static let noAnswer = Operation.Refusal(
        status: .serviceUnavailable, meaning: "the database does not answer, so nothing was checked")
}
