import APIKit
import Orchestrator
import ProjectModel

/// `GET /platform/organizations/{slug}/usage`. Nothing is billed, limited or capped here.
struct UsageBody: Encodable, Sendable, Documented {
    let usageBillingEnabled = false
    let usages: [Row]
    let unmeasuredProjects: [Unmeasured]

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

    /// A project without numbers.
    struct Unmeasured: Encodable, Sendable {
        let ref: String
        let name: String
        let reason: String
    }

    /// A row for every metric with a number of at least one project; a project without a number is left out of it, and
    /// is listed with the reason.
    init(_ records: [ProjectRecord], _ usage: [ProjectRef: ProjectUsage]) {
        usages = UsageMetric.Measured.allCases.compactMap { metric in
            let parts = records.compactMap { record in
                usage[record.ref]?.number(of: metric).map {
                    Allocation(ref: record.ref.text, name: record.name.text, usage: $0)
                }
            }
            guard records.isEmpty || !parts.isEmpty else { return nil }
            let sum = parts.reduce(Int64(0)) { sum, part in
                let (value, isOver) = sum.addingReportingOverflow(part.usage)
                return isOver ? .max : value
            }
            return Row(metric: metric.rawValue, usage: sum, usageOriginal: sum, allocations: parts)
        }
        unmeasuredProjects = records.compactMap { record in
            guard case .unknown(let reason)? = usage[record.ref] else { return nil }
            return Unmeasured(ref: record.ref.text, name: record.name.text, reason: reason)
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
                                .fields(.init("ref", .ref), .init("name", .text), .init("usage", .number))))))),
            .init(
                "unmeasured_projects",
                .array(.fields(.init("ref", .ref), .init("name", .text), .init("reason", .text))))))

    enum CodingKeys: String, CodingKey {
        case usages
        case usageBillingEnabled = "usage_billing_enabled"
        case unmeasuredProjects = "unmeasured_projects"
    }
}
