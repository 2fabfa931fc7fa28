public import NotificationModel
public import Orchestrator
import ProjectModel

/// What takes part in the transaction of an event. It decides, and the store carries out: what it decides is a value, so
/// every store does the same.
public protocol EventConsumer: Sendable {
    /// Whether an event means anything to it. What ``effects(of:on:)`` needs is read only then.
    func isConcerned(by event: ProjectEvent) -> Bool
    /// What an event leads to. An error undoes the event, and the change that it is about.
    func effects(of event: ProjectEvent, on project: EventSubject) throws(StoreError) -> [EventEffect]
}

/// The project of an event, as consumers see it.
public struct EventSubject: Sendable, Equatable {
    public var name: String
    /// The latest notifications about it, newest first; ``NotificationStep/marksNeeded`` are enough.
    public var notifications: [NotificationMark]

    public init(name: String, notifications: [NotificationMark]) {
        self.name = name
        self.notifications = notifications
    }
}

/// What a store does in the transaction of an event.
public enum EventEffect: Sendable, Equatable {
    /// Changes the notifications about the project.
    case notify(NotificationStep)
    /// Deletes the snippets of the project, and their folders.
    case forgetContent
    /// Deletes the Edge Functions of the project.
    case forgetFunctions
}

/// The consumers of events, in the order in which they are asked.
public enum EventConsumers {
    /// All of the program. A further one is one more line here.
    public static let all: [any EventConsumer] = [NotificationConsumer(), ContentCleanUp(), FunctionCleanUp()]
}

extension [any EventConsumer] {
    /// What an event leads to. The project is read only when a consumer needs it.
    public func effects(
        of event: ProjectEvent, on project: () async throws -> EventSubject
    ) async throws -> [EventEffect] {
        let concerned = filter { $0.isConcerned(by: event) }
        guard !concerned.isEmpty else { return [] }
        let subject = try await project()
        return try concerned.flatMap { try $0.effects(of: event, on: subject) }
    }

    /// The same where nothing has to be waited for.
    public func effects(of event: ProjectEvent, on project: EventSubject) throws(StoreError) -> [EventEffect] {
        var effects: [EventEffect] = []
        for consumer in self where consumer.isConcerned(by: event) {
            effects += try consumer.effects(of: event, on: project)
        }
        return effects
    }
}

/// In-app notifications about projects.
struct NotificationConsumer: EventConsumer {
    func isConcerned(by event: ProjectEvent) -> Bool { event.kind.isOfTransition }

    func effects(of event: ProjectEvent, on project: EventSubject) -> [EventEffect] {
        let step = NotificationStep(for: event, of: project.name, after: project.notifications)
        return step == .nothing ? [] : [.notify(step)]
    }
}

/// Snippets go with their project.
struct ContentCleanUp: EventConsumer {
    func isConcerned(by event: ProjectEvent) -> Bool { event.isOfDeletion }

    func effects(of event: ProjectEvent, on project: EventSubject) -> [EventEffect] { [.forgetContent] }
}

/// Edge Functions go with their project.
struct FunctionCleanUp: EventConsumer {
    func isConcerned(by event: ProjectEvent) -> Bool { event.isOfDeletion }

    func effects(of event: ProjectEvent, on project: EventSubject) -> [EventEffect] { [.forgetFunctions] }
}

extension ProjectEvent {
    fileprivate var isOfDeletion: Bool { kind.isOfTransition && facts.statusAfter == .deleted }
}
