package import APIKit
package import NotificationModel
import Orchestrator

/// What has happened to an account's projects, until a user has seen it.
package struct NotificationsFeature: Sendable {
    private let notifications: any NotificationStore

    package init(notifications: any NotificationStore) { self.notifications = notifications }

    package var routes: [Route] { NotificationsController(notifications: notifications).routes }
}
