import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// What is known about an event. A field that is not known is left out.
struct EventFactsBody: Encodable, Sendable, Documented {
    let statusBefore, statusAfter, operationID, requestedBy, templateBefore, templateAfter, action, image: String?
    let failure: Failure?
    let services: [Service]?

    /// What failed.
    struct Failure: Encodable, Sendable {
        let service: String?
        let message: String
    }

    /// One service that was restarted.
    struct Service: Encodable, Sendable {
        let service: String
        let container: String?
        let exitCode: Int?
        let isOutOfMemory: Bool
        let attempts: Int?

        enum CodingKeys: String, CodingKey {
            case service, container, attempts
            case exitCode = "exit_code"
            case isOutOfMemory = "out_of_memory"
        }

        init(_ facts: ServiceFacts) {
            service = facts.service.text
            container = facts.container
            exitCode = facts.exitCode
            isOutOfMemory = facts.isOutOfMemory
            attempts = facts.attempts
        }
    }

    enum CodingKeys: String, CodingKey {
        case action, image, failure, services
        case statusBefore = "status_before"
        case statusAfter = "status_after"
        case operationID = "operation_id"
        case requestedBy = "requested_by"
        case templateBefore = "template_before"
        case templateAfter = "template_after"
    }

    static let schema = Schema.named(
        "EventFacts",
        .fields(
            .optional("status_before", .projectStatus), .optional("status_after", .projectStatus),
            .optional("operation_id", .uuid), .optional("requested_by", .text), .optional("template_before", .text),
            .optional("template_after", .text),
            .optional("failure", .fields(.optional("service", .text), .init("message", .text))),
            .optional("action", .choice(RestartAction.allCases.map(\.rawValue))),
            .optional(
                "services",
                .array(
                    .fields(
                        .init("service", .text), .optional("container", .text), .optional("exit_code", .integer()),
                        .init("out_of_memory", .boolean), .optional("attempts", .integer())))),
            .optional("image", .text)))

    init(_ facts: EventFacts) {
        statusBefore = facts.statusBefore?.studioStatus.rawValue
        statusAfter = facts.statusAfter?.studioStatus.rawValue
        (operationID, requestedBy) = (facts.operation, facts.actor)
        (templateBefore, templateAfter) = (facts.templateBefore?.text, facts.templateAfter?.text)
        (action, image) = (facts.restart?.rawValue, facts.image)
        failure = facts.failure.map { Failure(service: $0.service?.text, message: $0.message) }
        services = facts.services.isEmpty ? nil : facts.services.map(Service.init)
    }
}
