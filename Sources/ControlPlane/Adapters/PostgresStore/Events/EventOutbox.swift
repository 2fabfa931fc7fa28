import EventConsumers
import Orchestrator
import PostgresKit
import ProjectModel

/// A project as its events need it; its row is locked.
struct EventProject: Sendable {
    let ref: ProjectRef
    let name: String
    let organizationSlug: String
    let versions: PinnedVersions
}

extension EventProject {
    /// One that is being stored.
    init(_ project: NewProject) {
        self.init(
            ref: project.ref, name: project.name.text, organizationSlug: project.organizationSlug,
            versions: PinnedVersions(template: project.template))
    }
}

/// Writes events, and what their consumers make of them, in the transaction of what the events are about.
struct EventOutbox: Sendable {
    let consumers: [any EventConsumer]

    func write(_ event: ProjectEvent, of project: EventProject, in session: some PostgresSession) async throws {
        try await EventRows.insert(event, of: project.ref, in: session)
        let effects = try await consumers.effects(of: event) {
            EventSubject(
                name: project.name, notifications: try await NotificationRows.marks(of: project.ref, in: session))
        }
        for effect in effects { try await apply(effect, of: project, at: event.at, in: session) }
    }

    private func apply(
        _ effect: EventEffect, of project: EventProject, at time: Timestamp, in session: some PostgresSession
    ) async throws {
        switch effect {
        case .notify(let step):
            try await NotificationRows.apply(step, of: project.ref, in: project.organizationSlug, at: time, session)
        case .forgetContent: try await ContentRows.forget(project.ref, in: session)
        case .forgetFunctions: try await FunctionRows.forget(project.ref, in: session)
        }
    }
}
