import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// Plans, add-ons and invoices: there are none. The plan is called `free` because Studio offers its Pause button only
/// there; the entitlements say what can be used.
struct BillingController: Sendable {
    let features: ServedFeatures
    let time: any TimeSource

    var routes: [Route] {
        let organization = "/platform/organizations/{slug}"
        let entitlements = features.entitlements
        return [
            self.entitlements("\(organization)/entitlements", entitlements),
            self.entitlements("/v1/organizations/{slug}/entitlements", entitlements.onV1),
        ] + emptyRoutes(organization).map { $0.supported(as: .empty) }
    }

    private func emptyRoutes(_ organization: String) -> [Route] {
        [
            Route(
                .get, "\(organization)/billing/subscription", access: .permission(.organizationAdminRead),
                operation: Operation(summary: "The plan, which is always free", answer: .of(SubscriptionBody.self))
            ) { _ in try APIResponse(json: SubscriptionBody(UsagePeriod(monthOf: time.now()))) },
            Route(
                .get, "\(organization)/billing/invoices", access: .permission(.organizationAdminRead),
                operation: Operation(summary: "Invoices: there are none", answer: .json(.array(.anything)))
            ) { _ in
                var answer = try APIResponse(json: [String]())
                answer.headers[.totalCount] = "0"
                return answer
            },
            Route(
                .get, "\(organization)/billing/invoices/upcoming", access: .permission(.organizationAdminRead),
                operation: Operation(summary: "The next invoice: over nothing", answer: .of(UpcomingInvoiceBody.self))
            ) { _ in try APIResponse(json: UpcomingInvoiceBody(UsagePeriod(monthOf: time.now()))) },
            Route(
                .get, "/platform/projects/{ref}/billing/addons", access: .permission(.addOnsRead),
                operation: Operation(summary: "Add-ons of a project: there are none", answer: .of(AddOnsBody.self))
            ) { try APIResponse(json: AddOnsBody(ref: try $0.ref().text)) },
            Route(
                .get, "/v1/projects/{ref}/billing/addons", access: .permission(.addOnsRead),
                operation: Operation(summary: "Add-ons of a project: there are none", answer: .of(AddOnsBody.self))
            ) { _ in try APIResponse(json: AddOnsBody(ref: nil)) },
        ]
    }

    private func entitlements(_ path: String, _ entitlements: EntitlementsBody) -> Route {
        Route(
            .get, path, access: .permission(.organizationAdminRead),
            operation: Operation(
                summary: "Features that an organization has: what this installation serves",
                answer: .of(EntitlementsBody.self))
        ) { _ in try APIResponse(json: entitlements) }
    }
}

/// The subscription of an organization.
struct SubscriptionBody: Encodable, Sendable, Documented {
    let billingCycleAnchor: Int64
    let currentPeriodStart: Int64
    let currentPeriodEnd: Int64
    let nextInvoiceAt: Int64
    let billingViaPartner = false
    let isCachedEgressEnabled = false
    let customerBalance = 0
    let paymentMethodType = "none"
    let plan = ["id": "free", "name": "Free"]
    let usageBillingEnabled = false
    let scheduledPlanChange = Nullable<String>(nil)
    let addons: [String] = []
    let projectAddons: [String] = []

    /// The period is a calendar month; times are seconds since 1970.
    init(_ period: UsagePeriod) {
        billingCycleAnchor = period.start.milliseconds / 1_000
        currentPeriodStart = billingCycleAnchor
        currentPeriodEnd = period.end.milliseconds / 1_000
        nextInvoiceAt = currentPeriodEnd
    }

    static let schema = Schema.named(
        "Subscription",
        .fields(
            .init("billing_cycle_anchor", .integer()), .init("current_period_start", .integer()),
            .init("current_period_end", .integer()), .init("next_invoice_at", .integer()),
            .init("billing_via_partner", .boolean), .init("cached_egress_enabled", .boolean),
            .init("customer_balance", .number), .init("payment_method_type", .text),
            .init("plan", .fields(.init("id", .choice(["free"])), .init("name", .text))),
            .init("usage_billing_enabled", .boolean), .init("scheduled_plan_change", .nullable(.anything)),
            .init("addons", .array(.anything)), .init("project_addons", .array(.anything))))

    enum CodingKeys: String, CodingKey {
        case plan, addons
        case billingCycleAnchor = "billing_cycle_anchor"
        case currentPeriodStart = "current_period_start"
        case currentPeriodEnd = "current_period_end"
        case nextInvoiceAt = "next_invoice_at"
        case billingViaPartner = "billing_via_partner"
        case isCachedEgressEnabled = "cached_egress_enabled"
        case customerBalance = "customer_balance"
        case paymentMethodType = "payment_method_type"
        case usageBillingEnabled = "usage_billing_enabled"
        case scheduledPlanChange = "scheduled_plan_change"
        case projectAddons = "project_addons"
    }
}

/// The upcoming invoice: always empty.
struct UpcomingInvoiceBody: Encodable, Sendable, Documented {
    let amountTotal = 0
    let amountProjected = 0
    let currency = "USD"
    let customerBalance = 0
    let subscriptionID = "local"
    let cycleStart: String
    let cycleEnd: String
    let lines: [String] = []

    init(_ period: UsagePeriod) {
        cycleStart = period.start.rfc3339
        cycleEnd = period.end.rfc3339
    }

    static let schema = Schema.named(
        "UpcomingInvoice",
        .fields(
            .init("amount_total", .number), .init("amount_projected", .number), .init("currency", .text),
            .init("customer_balance", .number), .init("subscription_id", .text), .init("billing_cycle_start", .time),
            .init("billing_cycle_end", .time), .init("lines", .array(.anything))))

    enum CodingKeys: String, CodingKey {
        case currency, lines
        case amountTotal = "amount_total"
        case amountProjected = "amount_projected"
        case customerBalance = "customer_balance"
        case subscriptionID = "subscription_id"
        case cycleStart = "billing_cycle_start"
        case cycleEnd = "billing_cycle_end"
    }
}

/// Add-ons: none chosen, none to choose from.
struct AddOnsBody: Encodable, Sendable, Documented {
    /// In Studio's form, absent on `/v1`.
    let ref: String?
    let selected: [String] = []
    let available: [String] = []

    static let schema = Schema.named(
        "AddOns",
        .fields(
            .optional("ref", .ref), .init("selected_addons", .array(.anything)),
            .init("available_addons", .array(.anything))))

    enum CodingKeys: String, CodingKey {
        case ref
        case selected = "selected_addons"
        case available = "available_addons"
    }
}
