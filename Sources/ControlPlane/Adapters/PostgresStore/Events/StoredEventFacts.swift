import FoundationEssentials
import Orchestrator
import ProjectModel

/// The facts of an event that have no column of their own, as they are stored in `project_events.facts`.
struct StoredEventFacts: Codable, Sendable, Equatable {
    var actor: String?
    var templateBefore: String?
    var templateAfter: String?
    var failure: Failure?
    var restart: String?
    var services: [Service]?
    var image: String?

    struct Failure: Codable, Sendable, Equatable {
        var service: String?
        var message: String
    }

    struct Service: Codable, Sendable, Equatable {
        var service: String
        var container: String?
        var exitCode: Int?
        var isOutOfMemory: Bool?
        var attempts: Int?

        enum CodingKeys: String, CodingKey {
            case service, container, attempts
            case exitCode = "exit_code"
            case isOutOfMemory = "out_of_memory"
        }
    }

    enum CodingKeys: String, CodingKey {
        case actor, failure, restart, services, image
        case templateBefore = "template_before"
        case templateAfter = "template_after"
    }
}

extension StoredEventFacts {
    /// Nil when there is nothing to store.
    init?(_ facts: EventFacts) {
        self.init(
            actor: facts.actor, templateBefore: facts.templateBefore?.text, templateAfter: facts.templateAfter?.text,
            failure: facts.failure.map { Failure(service: $0.service?.text, message: $0.message) },
            restart: facts.restart?.rawValue, services: facts.services.isEmpty ? nil : facts.services.map(Service.init),
            image: facts.image)
        if self == StoredEventFacts() { return nil }
    }

    init(text: String) throws {
        do { self = try JSONDecoder().decode(Self.self, from: Data(text.utf8)) } catch {
            throw StoreError.refused("the facts of an event cannot be read")
        }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// The facts without those of the columns.
    var facts: EventFacts {
        var facts = EventFacts()
        facts.actor = actor
        facts.templateBefore = templateBefore.flatMap { TemplateDigest($0) }
        facts.templateAfter = templateAfter.flatMap { TemplateDigest($0) }
        facts.failure = failure.map { failure in
            ProjectFailure(service: failure.service.flatMap { ServiceName($0) }, message: failure.message)
        }
        facts.restart = restart.flatMap { RestartAction(rawValue: $0) }
        facts.services = (services ?? []).compactMap(\.facts)
        facts.image = image
        return facts
    }
}

extension StoredEventFacts.Service {
    fileprivate init(_ facts: ServiceFacts) {
        self.init(
            service: facts.service.text, container: facts.container, exitCode: facts.exitCode,
            isOutOfMemory: facts.isOutOfMemory ? true : nil, attempts: facts.attempts)
    }

    fileprivate var facts: ServiceFacts? {
        ServiceName(service).map { name in
            ServiceFacts(
                service: name, container: container, exitCode: exitCode, isOutOfMemory: isOutOfMemory ?? false,
                attempts: attempts)
        }
    }
}
