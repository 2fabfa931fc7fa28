import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import ProjectSQL

/// A dump into the empty database of a project.
struct ImportController: Sendable {
    let reach: ProjectReach
    let importer: any DatabaseImporter

    var routes: [Route] {
        [
            Route(
                .post, "/platform/projects/{ref}/import", access: .permission(.databaseWrite),
                effect: .external("database.import"),
                operation: Operation(
                    summary: "Import a plain SQL dump into an empty project, all of it or nothing",
                    query: [
                        .init(
                            name: "dry_run", schema: .boolean,
                            description: "Carry it out, report, and take it back: nothing is changed")
                    ], body: .other("application/sql"), answer: .json(ImportReport.schema),
                    refusals: [
                        .init(
                            status: .conflict,
                            meaning: "The project is not empty, or another import into it is under way.")
                    ]), handler: take
            ).refusingUnknownQuery.takingStream
        ]
    }

    private func take(_ request: APIRequest) async throws -> APIResponse {
        let isDryRun = try request.query.flag("dry_run", default: false)
        let record = try request.project()
        guard let stream = request.stream else { throw APIError(.badRequest, "the dump is missing") }
        request.audit.target("dry_run", isDryRun ? "true" : "false")
        let target = try await reach.target(record, as: .owner)
        // Of a try that was given up the trail says so, too.
        if !isDryRun { request.audit.noteAttempt() }
        do {
            let report = try await importer.run(
                { take in try await stream.forEach(take) }, on: target, isDryRun: isDryRun
            ) { try await stream.confirm() }
            return try APIResponse(json: report)
        } catch let error as ImportError {
            request.audit.change("outcome", from: nil, to: error.auditText)
            throw APIError(error)
        }
    }
}

extension ImportReport {
    /// Lists of what happened to what, with how often.
    static let schema: Schema = .fields(
        .init("dry_run", .boolean), .init("taken", .map(.integer())), .init("rows", .map(.integer())),
        .init("changed", .map(.integer())), .init("left_out", .map(.integer())), .init("by_hand", .map(.integer())))
}

extension APIError {
    /// 409 for a project that cannot take a dump now, 400 for a dump that cannot be taken.
    init(_ error: ImportError) {
        switch error {
        case .notEmpty, .busy: self.init(.conflict, "\(error)")
        case .dump, .refused, .failed: self.init(.badRequest, "\(error)")
        case .unreachable, .cancelled, .tooMany: self = .unavailable("\(error)")
        case .unknownOutcome: self.init(.internalServerError, "\(error)")
        }
    }
}
