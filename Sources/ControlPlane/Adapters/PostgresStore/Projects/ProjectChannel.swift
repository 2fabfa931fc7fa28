public import Orchestrator
public import PostgresKit
import ProjectModel

/// The channel on which requests announce changed projects to the active manager.
public struct ProjectChannel: ProjectAnnouncements {
    static let name = "supamanager_projects"

    private let parameters: PostgresConnectionParameters

    /// The channel of a database. Each listener has a connection of its own.
    public init(_ parameters: PostgresConnectionParameters) { self.parameters = parameters }

    /// Announces a project; those who listen hear of it when the transaction is committed.
    static func announce(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        _ = try await session.query("select pg_notify($1, $2)", [.text(name), .text(ref.text)])
    }

    /// What is announced from now on; connections that are lost are made again.
    public func announcements() -> AsyncThrowingStream<ProjectAnnouncement, any Error> {
        let notifications = Listener(PostgresNotifications(parameters, channels: [Self.name]))
        return AsyncThrowingStream { try await notifications.next() }
    }

    /// The iterator.
    private actor Listener {
        private var iterator: PostgresNotifications.Iterator

        init(_ notifications: PostgresNotifications) { iterator = notifications.makeAsyncIterator() }

        func next() async throws -> ProjectAnnouncement? {
            while true {
                var current = iterator
                let element = try await current.next(isolation: self)
                iterator = current
                switch element {
                case nil: return nil
                case .listening, .gap: return .anything
                case .notification(let notification):
                    guard let ref = ProjectRef(notification.payload) else { continue }
                    return .changed(ref)
                }
            }
        }
    }
}
