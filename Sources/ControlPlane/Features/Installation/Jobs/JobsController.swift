import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/jobs`: the manager's own tasks and those that users requested. Jobs are about projects of all
/// organizations, so those see them who administer the installation. What a job was given to work with is not shown.
struct JobsController: Sendable {
    let jobs: JobCatalog

    var routes: [Route] {
        [
            Route(
                .get, "/platform/jobs", access: .installation(.organizationAdminWrite),
                operation: Operation(
                    summary: "Jobs of the manager, the latest first", query: Self.parameters,
                    answer: .of([JobBody].self),
                    refusals: [
                        Operation.Refusal(status: .notFound, meaning: "you are not a member of the first organization")
                    ]), handler: list)
        ]
    }

    /// Jobs of a page when the request does not say how many.
    private static let limitDefault = 100

    private static let parameters = [
        Operation.Parameter(name: "kind", schema: .text(1...JobKind.lengthMax), description: "Only of this kind"),
        Operation.Parameter(
            name: "state", schema: .choice(JobState.allCases.map(\.rawValue)), description: "Only in this state"),
        Operation.Parameter(
            name: "limit", schema: .integer(1...Int64(JobLimits.listedMax)), description: "Jobs of a page"),
        Operation.Parameter(
            name: "before", schema: .integer(1...Int64(Int.max)), description: "Only jobs with a smaller number"),
    ]

    private func list(_ request: APIRequest) async throws -> APIResponse {
        var query = JobQuery()
        if let text = request.query["kind"] {
            guard let kind = JobKind(text) else {
                throw APIError(.badRequest, "kind has small letters, digits, dots and hyphens, a letter first")
            }
            query.kind = kind
        }
        if let text = request.query["state"] {
            guard let state = JobState(rawValue: text) else {
                let states = JobState.allCases.map(\.rawValue).joined(separator: ", ")
                throw APIError(.badRequest, "state must be one of \(states)")
            }
            query.state = state
        }
        let before = try request.query.number("before", in: 1...Int.max, default: Int.max)
        query.before = before == Int.max ? nil : Int64(before)
        query.limit = try request.query.number("limit", in: 1...JobLimits.listedMax, default: Self.limitDefault)
        let found: [Job]
        do throws(JobError) { found = try await jobs.jobs(query) } catch { throw APIError(error) }
        return try APIResponse(json: found.map { JobBody($0) })
    }
}

struct JobBody: EncodableBody {
    let id: Int64
    let kind: String
    let key: String
    let projectRef: Nullable<String>
    let contract: String
    let state: String
    let due: String
    let intervalSeconds: Nullable<Int64>
    let runs: Int64
    let attempts: Int
    let interruptions: Int
    let progress: Nullable<Progress>
    let manager: Nullable<String>
    let startedAt: Nullable<String>
    let outcome: Nullable<String>
    let error: Nullable<String>
    let result: Nullable<String>
    let createdAt: String
    let endedAt: Nullable<String>

    /// How far it has come.
    struct Progress: EncodableBody {
        let done: Int64
        let total: Nullable<Int64>
        let message: String

        static let shape = BodyShape<Self>([
            .init("done", of: \.done),
            .init("total", of: \.total),
            .init("message", of: \.message),
        ])
    }

    static let shape = BodyShape<Self>(
        "Job",
        [
            .init("id", of: \.id),
            .init("kind", of: \.kind),
            .init("key", of: \.key),
            .init("project_ref", of: \.projectRef),
            .init("contract", .choice(["at_least_once", "at_most_once"]), of: \.contract),
            .init("state", .choice(JobState.allCases.map(\.rawValue)), of: \.state),
            .init("due", .time, of: \.due),
            .init("interval_seconds", of: \.intervalSeconds),
            .init("runs", of: \.runs),
            .init("attempts", of: \.attempts),
            .init("interruptions", of: \.interruptions),
            .init("progress", of: \.progress),
            .init("manager", of: \.manager),
            .init("started_at", .time, of: \.startedAt),
            .init("outcome", .choice(JobOutcome.allCases.map(\.rawValue)), of: \.outcome),
            .init("error", of: \.error),
            .init("result", of: \.result),
            .init("created_at", .time, of: \.createdAt),
            .init("ended_at", .time, of: \.endedAt),
        ])

    init(_ job: Job) {
        id = job.id
        kind = job.kind.text
        key = job.key
        projectRef = Nullable(job.ref?.text)
        contract = job.contract == .atLeastOnce ? "at_least_once" : "at_most_once"
        state = job.state.rawValue
        due = job.due.rfc3339
        if case .every(let interval) = job.schedule {
            intervalSeconds = Nullable(interval.length.components.seconds)
        } else {
            intervalSeconds = Nullable(nil)
        }
        runs = job.run
        attempts = job.attempts
        interruptions = job.interruptions
        progress = Nullable(
            job.progress.map { Progress(done: $0.done, total: Nullable($0.total), message: $0.message) })
        manager = Nullable(job.holder?.runner.manager)
        startedAt = Nullable(job.holder?.since.rfc3339)
        outcome = Nullable(job.outcome?.rawValue)
        error = Nullable(job.error)
        result = Nullable(job.result)
        createdAt = job.createdAt.rfc3339
        endedAt = Nullable(job.endedAt?.rfc3339)
    }
}

extension APIError {
    /// An error about jobs.
    init(_ error: JobError) {
        switch error {
        case .noJob: self.init(.notFound, "\(error)")
        case .recurring: self.init(.conflict, "\(error)")
        case .badKey, .payloadTooLong: self.init(.badRequest, "\(error)")
        case .kindTwice: self.init(.internalServerError, "\(error)")
        case .store(let error): self.init(anything: error)
        }
    }
}
