import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// The plan and the next invoice of an organization. The plan is called `free` because Studio offers its Pause button
/// only there; the entitlements say what can be used.
struct BillingController: Sendable {
    let features: ServedFeatures
    let time: any TimeSource

    var routes: [Route] {
        let entitlements = features.entitlements
        return [
            self.entitlements("/platform/organizations/{slug}/entitlements", entitlements),
            self.entitlements("/v1/organizations/{slug}/entitlements", entitlements.onV1),
        ] + period.map(\.route)
    }

    private func entitlements(_ path: String, _ entitlements: EntitlementsBody) -> Route {
        Route(
            .get, path, access: .permission(.organizationAdminRead),
            operation: Operation(
                summary: "Features that an organization has: what this installation serves",
                answer: .of(EntitlementsBody.self))
        ) { _ in try APIResponse(json: entitlements) }
    }

    /// Both are about the present month.
    private var period: [EmptyAnswer] {
        [
            EmptyAnswer(
                "subscription", says: "The plan, which is always free", schema: Self.subscriptionSchema
            ) { _ in Self.subscription(UsagePeriod(monthOf: time.now())) },
            EmptyAnswer(
                "invoices/upcoming", says: "The next invoice: over nothing", schema: Self.invoiceSchema
            ) { _ in Self.invoice(UsagePeriod(monthOf: time.now())) },
        ].under("/platform/organizations/{slug}/billing", for: .organizationAdminRead)
    }

    /// Times are seconds since 1970.
    private static func subscription(_ period: UsagePeriod) -> JSON {
        let (start, end) = (period.start.milliseconds / 1_000, period.end.milliseconds / 1_000)
        return [
            "billing_cycle_anchor": .integer(start), "current_period_start": .integer(start),
            "current_period_end": .integer(end), "next_invoice_at": .integer(end), "billing_via_partner": false,
            "cached_egress_enabled": false, "customer_balance": 0, "payment_method_type": "none",
            "plan": ["id": "free", "name": "Free"], "usage_billing_enabled": false, "scheduled_plan_change": nil,
            "addons": [], "project_addons": [],
        ]
    }

    private static let subscriptionSchema = Schema.named(
        "Subscription",
        .fields(
            .init("billing_cycle_anchor", .integer()), .init("current_period_start", .integer()),
            .init("current_period_end", .integer()), .init("next_invoice_at", .integer()),
            .init("billing_via_partner", .boolean), .init("cached_egress_enabled", .boolean),
            .init("customer_balance", .number), .init("payment_method_type", .text),
            .init("plan", .fields(.init("id", .choice(["free"])), .init("name", .text))),
            .init("usage_billing_enabled", .boolean), .init("scheduled_plan_change", .nullable(.anything)),
            .init("addons", .array(.anything)), .init("project_addons", .array(.anything))))

    private static func invoice(_ period: UsagePeriod) -> JSON {
        [
            "amount_total": 0, "amount_projected": 0, "currency": "USD", "customer_balance": 0,
            "subscription_id": "local", "billing_cycle_start": .string(period.start.rfc3339),
            "billing_cycle_end": .string(period.end.rfc3339), "lines": [],
        ]
    }

    private static let invoiceSchema = Schema.named(
        "UpcomingInvoice",
        .fields(
            .init("amount_total", .number), .init("amount_projected", .number), .init("currency", .text),
            .init("customer_balance", .number), .init("subscription_id", .text), .init("billing_cycle_start", .time),
            .init("billing_cycle_end", .time), .init("lines", .array(.anything))))
}
