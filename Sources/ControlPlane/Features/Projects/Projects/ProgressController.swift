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
struct EventBody: EncodableBody {
    let event: ProjectEvent

    init(_ event: ProjectEvent) { self.event = event }

    static let shape = BodyShape<Self>(
        "ProjectEvent",
        [
            .init("at", .time, of: \.event.at.rfc3339),
            .init("status", .projectStatus, of: \.event.status.studioStatus.rawValue),
            .init("message", of: \.event.cause),
            .init("kind", .choice(ProjectEventKind.allCases.map(\.rawValue)), of: \.event.kind.rawValue),
            .init("facts") { EventFactsBody($0.event.facts) },
        ])
}

/// A project on its way, service by service.
struct ProjectProgress: EncodableBody {
    let ref: String
    let status: String
    let failure: Nullable<Failure>
    let services: [Service]

    /// Why the last thing failed.
    struct Failure: EncodableBody {
        let service: Nullable<String>
        let message: String
        let logTail: Nullable<String>

        static let shape = BodyShape<Self>([
            .init("service", of: \.service),
            .init("message", of: \.message),
            .init("log_tail", of: \.logTail),
        ])
    }

    struct Service: EncodableBody {
        let service: String
        let state: String
        let message: Nullable<String>
        let observedAt: Nullable<String>
        let imagePull: Nullable<ImagePullBody>

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

        static let shape = BodyShape<Self>([
            .init("service", of: \.service),
            .init("state", .choice(["ready", "unknown", "coming_up", "failing"]), of: \.state),
            .init("message", of: \.message),
            .init("observed_at", .time, of: \.observedAt),
            .init("image_pull", of: \.imagePull),
        ])
    }

    static let shape = BodyShape<Self>(
        "ProjectProgress",
        [
            .init("ref", .ref, of: \.ref),
            .init("status", .projectStatus, of: \.status),
            .init("failure", of: \.failure),
            .init("services", of: \.services),
        ])

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
struct ImagePullBody: EncodableBody {
    let image: String
    let layers: Int
    let layersDone: Int
    let bytes: Int64
    let bytesTotal: Nullable<Int64>

    static let shape = BodyShape<Self>(
        "ImagePull",
        [
            .init("image", of: \.image),
            .init("layers", of: \.layers),
            .init("layers_done", of: \.layersDone),
            .init("bytes", of: \.bytes),
            .init("bytes_total", of: \.bytesTotal),
        ])

    init(_ pull: ImagePull) {
        (image, layers, layersDone) = (pull.image, pull.layers, pull.layersDone)
        (bytes, bytesTotal) = (pull.bytes, Nullable(pull.bytesTotal))
    }
}
