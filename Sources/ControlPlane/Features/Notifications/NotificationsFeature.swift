package import APIKit
package import NotificationModel
import Orchestrator

/// What has happened to an account's projects, until a user has seen it; and the channels on which it leaves the manager.
package struct NotificationsFeature: Sendable {
    private let notifications: any NotificationStore
    private let channels: ChannelCatalog

    package init(notifications: any NotificationStore, channels: ChannelCatalog) {
        self.notifications = notifications
        self.channels = channels
    }

    package var routes: [Route] {
        NotificationsController(notifications: notifications).routes + ChannelsController(channels: channels).routes
    }
}
