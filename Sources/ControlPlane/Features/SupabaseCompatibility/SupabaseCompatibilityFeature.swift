package import APIKit
package import FeatureKit
package import Orchestrator

/// What Studio, the Supabase CLI and Terraform ask for and this installation does not have: constant answers and
/// refusals with the reason.
package struct SupabaseCompatibilityFeature: Sendable {
    private let time: any TimeSource

    package init(time: any TimeSource) { self.time = time }

    /// The routes; entitlements tell which optional features are served.
    package func routes(telling features: ServedFeatures) -> [Route] {
        BillingController(features: features, time: time).routes
            + AnalyticsController().routes
            + NetworkController().routes
            + BackupsController().routes
            + RemainderController().routes
            + UnofferedController().routes
    }
}
