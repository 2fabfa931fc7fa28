package import APIKit
package import FeatureKit
import HTTPTypes
import Identity
package import Orchestrator
import ProjectModel

/// What Studio, the Supabase CLI and Terraform ask for and this installation does not have: constant answers and
/// refusals with the reason.
package struct SupabaseCompatibilityFeature: Sendable {
    private let time: any TimeSource

    package init(time: any TimeSource) { self.time = time }

    /// The routes; entitlements tell which optional features are served.
    package func routes(telling features: ServedFeatures) -> [Route] {
        BillingController(features: features, time: time).routes
            + EmptyAnswer.all.map(\.route)
            + NetworkController().routes
            + UnofferedBackupsController().routes
            + UnofferedOperation.all.map(\.route)
            + [Self.status]
    }

    /// What Studio of early 2024 asks while a project starts.
    private static let status = Route(
        .get, "/projects/{ref}/status", access: .permission(.projectAdminRead),
        operation: Operation(
            summary: "The status of a project", answer: .json(.fields(.init("status", .projectStatus))))
    ) { try APIResponse(json: ["status": try $0.project().status.studioStatus.rawValue]) }
}
