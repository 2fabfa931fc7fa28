import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel
import Reconciler

/// Beyond the Management API: the live state of each service, and the history of a project.
struct ProgressController: Sendable {
    let catalog: ProjectCatalog

    /// Most events that one answer holds.
    static let eventsMax = 200
    /// Events of an answer when nothing is asked for.
    static let eventsDefault = 50

    var routes: [Route] {
        [
            Route(
                .get, "/platform/projects/{ref}/services", access: .permission(.projectAdminRead),
                operation: Operation(summary: "The live state of each service", answer: .of(ProjectProgress.self)),
                handler: services),
            Route(
                .get, "/platform/projects/{ref}/events", access: .permission(.projectAdminRead),
                operation: Operation(
                    summary: "The history of a project, newest first",
                    query: [
                        Operation.Parameter(
                            name: "limit", schema: .integer(1...Int64(Self.eventsMax)), description: "Most events")
                    ], answer: .json(.fields(.init("events", .array(EventBody.schema))))), handler: events),
        ]
    }

    private func services(_ request: APIRequest) async throws -> APIResponse {
        let record = try request.project()
        let granted = try request.caller().permissions(in: record.organizationSlug, project: record.ref)
        return try APIResponse(
            json: ProjectProgress(
                record, try await catalog.health(of: record.ref), showsLogs: granted.contains(.analyticsLogsRead)))
    }

    private func events(_ request: APIRequest) async throws -> APIResponse {
        let limit = try request.query.number("limit", in: 1...Self.eventsMax, default: Self.eventsDefault)
        let events = try await catalog.events(of: try request.ref(), limit: limit)
        return try APIResponse(json: ["events": events.map(EventBody.init)])
    }
}

/// One line of a project's history.
struct EventBody: Encodable, Sendable, Documented {
    let at: String
    let status: String
    let message: String
    let kind: String
    let facts: EventFactsBody

    static let schema = Schema.named(
        "ProjectEvent",
        .fields(
            .init("at", .time), .init("status", .projectStatus), .init("message", .text),
            .init("kind", .choice(ProjectEventKind.allCases.map(\.rawValue))), .init("facts", EventFactsBody.schema)))

    init(_ event: ProjectEvent) {
        at = event.at.rfc3339
        status = event.status.studioStatus.rawValue
        message = event.cause
        kind = event.kind.rawValue
        facts = EventFactsBody(event.facts)
    }
}

/// A project on its way, service by service.
struct ProjectProgress: Encodable, Sendable, Documented {
    let ref: String
    let status: String
    let failure: Nullable<Failure>
    let services: [Service]

    /// Why the last thing failed.
    struct Failure: Encodable, Sendable {
        let service: Nullable<String>
        let message: String
        let logTail: Nullable<String>

        enum CodingKeys: String, CodingKey {
            case service, message
            case logTail = "log_tail"
        }
    }

    struct Service: Encodable, Sendable {
        let service: String
        let state: String
        let message: Nullable<String>
        let observedAt: Nullable<String>
        let imagePull: Nullable<ImagePullBody>

        enum CodingKeys: String, CodingKey {
            case service, state, message
            case observedAt = "observed_at"
            case imagePull = "image_pull"
        }

        init(_ report: ServiceReport) {
            service = report.service.text
            observedAt = Nullable(report.observedAt?.rfc3339)
            imagePull = Nullable(report.imagePull.map(ImagePullBody.init))
            switch report.state {
            case .ready: (state, message) = ("ready", Nullable(nil))
            case .unknown(let text): (state, message) = ("unknown", Nullable(text))
            case .comingUp(let text): (state, message) = ("coming_up", Nullable(text))
            case .failing(let text): (state, message) = ("failing", Nullable(text))
            }
        }
    }

    static let schema = Schema.named(
        "ProjectProgress",
        .fields(
            .init("ref", .ref), .init("status", .projectStatus),
            .init(
                "failure",
                .nullable(
                    .fields(
                        .init("service", .nullable(.text)), .init("message", .text),
                        .init("log_tail", .nullable(.text))))),
            .init(
                "services",
                .array(
                    .fields(
                        .init("service", .text), .init("state", .choice(["ready", "unknown", "coming_up", "failing"])),
                        .init("message", .nullable(.text)), .init("observed_at", .nullable(.time)),
                        .init("image_pull", .nullable(ImagePullBody.schema)))))))

    /// - Parameter showsLogs: whether the answer has the end of a failed service's log.
    init(_ record: ProjectRecord, _ reports: [ServiceReport], showsLogs: Bool) {
        ref = record.ref.text
        status = record.status.studioStatus.rawValue
        failure = Nullable(
            record.failure.map { failure in
                Failure(
                    service: Nullable(failure.service?.text), message: failure.message,
                    logTail: Nullable(showsLogs ? failure.logTail : nil))
            })
        services = reports.map(Service.init)
    }
}

/// How far the pull of a service's image is.
struct ImagePullBody: Encodable, Sendable, Documented {
    let image: String
    let layers: Int
    let layersDone: Int
    let bytes: Int64
    let bytesTotal: Nullable<Int64>

    enum CodingKeys: String, CodingKey {
        case image, layers, bytes
        case layersDone = "layers_done"
        case bytesTotal = "bytes_total"
    }

    static let schema = Schema.named(
        "ImagePull",
        .fields(
            .init("image", .text), .init("layers", .integer()), .init("layers_done", .integer()),
            .init("bytes", .integer()), .init("bytes_total", .nullable(.integer()))))

    init(_ pull: ImagePull) {
        (image, layers, layersDone) = (pull.image, pull.layers, pull.layersDone)
        (bytes, bytesTotal) = (pull.bytes, Nullable(pull.bytesTotal))
    }
}
