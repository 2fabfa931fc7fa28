import APIKit
import FeatureKit
import Orchestrator
import ProjectModel

/// What is known about an event. A field that is not known is left out.
struct EventFactsBody: EncodableBody {
    let statusBefore, statusAfter, operationID, requestedBy, templateBefore, templateAfter, action, image: String?
    let failure: Failure?
    let services: [Service]?

    /// What failed.
    struct Failure: EncodableBody {
        let service: String?
        let message: String

        static let shape = BodyShape<Self>([
            .optional("service", of: \.service),
            .init("message", of: \.message),
        ])
    }

    /// One service that was restarted.
    struct Service: EncodableBody {
        let facts: ServiceFacts

        init(_ facts: ServiceFacts) { self.facts = facts }

        static let shape = BodyShape<Self>([
            .init("service", of: \.facts.service.text),
            .optional("container", of: \.facts.container),
            .optional("exit_code", of: \.facts.exitCode),
            .init("out_of_memory", of: \.facts.isOutOfMemory),
            .optional("attempts", of: \.facts.attempts),
        ])
    }

    static let shape = BodyShape<Self>(
        "EventFacts",
        [
            .optional("status_before", .projectStatus, of: \.statusBefore),
            .optional("status_after", .projectStatus, of: \.statusAfter),
            .optional("operation_id", .uuid, of: \.operationID),
            .optional("requested_by", of: \.requestedBy),
            .optional("template_before", of: \.templateBefore),
            .optional("template_after", of: \.templateAfter),
            .optional("failure", of: \.failure),
            .optional("action", .choice(RestartAction.allCases.map(\.rawValue)), of: \.action),
            .optional("services", of: \.services),
            .optional("image", of: \.image),
        ])

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
