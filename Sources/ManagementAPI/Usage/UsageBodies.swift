import Orchestrator
import ProjectModel

/// `GET /platform/organizations/{slug}/usage`. Nothing is billed, limited or capped here.
struct UsageBody: Encodable, Sendable, Documented {
    let usageBillingEnabled = false
    let usages: [Row]

    /// One metric.
    struct Row: Encodable, Sendable {
        let metric: String
        let usage: Int64
        let usageOriginal: Int64
        let cost = 0
        let availableInPlan = true
        let capped = false
        let unlimited = true
        let pricingStrategy = "NONE"
        let unitPriceDescription = ""
        let allocations: [Allocation]

        enum CodingKeys: String, CodingKey {
            case metric, usage, cost, capped, unlimited
            case usageOriginal = "usage_original"
            case availableInPlan = "available_in_plan"
            case pricingStrategy = "pricing_strategy"
            case unitPriceDescription = "unit_price_desc"
            case allocations = "project_allocations"
        }
    }

    /// One project's part.
    struct Allocation: Encodable, Sendable {
        let ref: String
        let name: String
        let usage: Int64
    }

    /// Every metric; those that are measured with each project's part.
    init(_ records: [ProjectRecord], _ sizes: [ProjectRef: ProjectSizes]) {
        usages = UsageMetric.all.map { metric in
            guard ProjectSizes().number(of: metric) != nil else {
                return Row(metric: metric, usage: 0, usageOriginal: 0, allocations: [])
            }
            let parts = records.map { record in
                Allocation(
                    ref: record.ref.text, name: record.name.text, usage: sizes[record.ref]?.number(of: metric) ?? 0)
            }
            let sum = parts.reduce(Int64(0)) { $0.addingReportingOverflow($1.usage).partialValue }
            return Row(metric: metric, usage: sum, usageOriginal: sum, allocations: parts)
        }
    }

    static let schema = Schema.named(
        "OrganizationUsage",
        .fields(
            .init("usage_billing_enabled", .boolean),
            .init(
                "usages",
                .array(
                    .fields(
                        .init("metric", .choice(UsageMetric.all)), .init("usage", .number),
                        .init("usage_original", .number), .init("cost", .number),
                        .init("available_in_plan", .boolean), .init("capped", .boolean),
                        .init("unlimited", .boolean),
                        .init("pricing_strategy", .choice(["UNIT", "PACKAGE", "TIERED", "NONE"])),
                        .init("unit_price_desc", .text),
                        .init(
                            "project_allocations",
                            .array(
                                .fields(.init("ref", .ref), .init("name", .text), .init("usage", .number)))))))))

    enum CodingKeys: String, CodingKey {
        case usages
        case usageBillingEnabled = "usage_billing_enabled"
    }
}
