// Channels of notifications, and what was sent to them.
extension ManagementClient {
    public func notificationChannels(
        of organization: String
    ) async throws(ClientError) -> [NotificationChannelSummary] {
        try await answer(.get("platform", "organizations", organization, "notifications", "channels"))
    }

    public func createNotificationChannel(
        _ order: NotificationChannelOrder, in organization: String
    ) async throws(ClientError) -> NotificationChannelSummary {
        try await answer(.post("platform", "organizations", organization, "notifications", "channels", json: order))
    }

    public func updateNotificationChannel(
        _ id: String, of organization: String, _ order: NotificationChannelOrder
    ) async throws(ClientError) -> NotificationChannelSummary {
        try await answer(
            .patch("platform", "organizations", organization, "notifications", "channels", id, json: order))
    }

    public func deleteNotificationChannel(
        _ id: String, of organization: String
    ) async throws(ClientError) -> NotificationChannelSummary {
        try await answer(.delete("platform", "organizations", organization, "notifications", "channels", id))
    }

    /// Asks for a trial message; the answer comes before it is sent.
    public func testNotificationChannel(
        _ id: String, of organization: String
    ) async throws(ClientError) -> NotificationDeliverySummary {
        try await answer(.post("platform", "organizations", organization, "notifications", "channels", id, "test"))
    }

    /// The latest deliveries, newest first.
    public func notificationDeliveries(
        of organization: String, channel: String? = nil, state: String? = nil
    ) async throws(ClientError) -> [NotificationDeliverySummary] {
        let query = [("channel", channel), ("state", state)].compactMap { name, value in value.map { (name, $0) } }
        return try await answer(
            .get("platform", "organizations", organization, "notifications", "deliveries", query: query))
    }

    /// Asks for a message to be sent again.
    public func replayNotification(
        _ id: Int64, of organization: String
    ) async throws(ClientError) -> NotificationDeliverySummary {
        try await answer(
            .post("platform", "organizations", organization, "notifications", "deliveries", "\(id)", "replay"))
    }
}
