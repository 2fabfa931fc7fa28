import NotificationModel
import Orchestrator
import OrchestratorTesting
import ProjectModel

@testable import APIKit
@testable import ManagementAPI

extension ValidRequests {
    static let channelBody = #"{"kind":"slack","name":"team","url":"https://hooks.example/services/hidden-part"}"#

    private static let webhookBody = #"{"kind":"webhook","name":"hook","url":"https://hooks.example/x"}"#

    static let notifications: [String: ValidRequest.Preparation] = {
        let base = "/platform/organizations/{slug}/notifications"
        let one: ValidRequest.Preparation = { host, _ in ValidRequest(values: ["id": try await channel(host)]) }
        return [
            "POST \(base)/channels": { _, _ in ValidRequest(body: webhookBody) },
            "GET \(base)/channels/{id}": one, "DELETE \(base)/channels/{id}": one,
            "POST \(base)/channels/{id}/test": one,
            "PATCH \(base)/channels/{id}": { host, _ in
                ValidRequest(values: ["id": try await channel(host)], body: #"{"rotate_secret":true}"#)
            },
            "POST \(base)/deliveries/{id}/replay": { host, _ in
                ValidRequest(values: ["id": "\(try await delivered(host))"])
            },
        ]
    }()

    /// A channel of the organization default.
    private static func channel(_ host: APIHost) async throws -> String {
        let answer = try await host.send(
            "POST", "/platform/organizations/default/notifications/channels", body: webhookBody)
        guard answer.status == 201, let id = try answer.json["id"]?.text else {
            throw HostError("no channel: \(answer.status) \(answer.text)")
        }
        return id
    }

    /// A delivery that has arrived.
    static func delivered(_ host: APIHost) async throws -> Int64 {
        let id = try await channel(host)
        let path = "/platform/organizations/default/notifications/channels/\(id)/test"
        guard try await host.send("POST", path).status == 202 else { throw HostError("no trial") }
        let now = SystemTime().now()
        let store = host.parts.channels
        guard let claim = try await store.claim(id, at: now), let first = claim.deliveries.first else {
            throw HostError("nothing is due")
        }
        let settlement = DeliverySettlement(
            after: .delivered("200"), of: first, failures: 0, now: now, limits: DeliveryLimits())
        guard try await store.settle(claim, settlement, at: now) else { throw HostError("not settled") }
        return first.id
    }
}
