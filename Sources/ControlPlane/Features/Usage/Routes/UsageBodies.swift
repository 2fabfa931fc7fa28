import APIKit
import Orchestrator
import ProjectModel

/// `GET /platform/organizations/{slug}/usage`. Nothing is billed, limited or capped here.
struct UsageBody: EncodableBody {
    let usages: [Row]
    let unmeasuredProjects: [Unmeasured]

    /// One metric.
    struct Row: EncodableBody {
        let metric: String
        let usage: Int64
        let usageOriginal: Int64
        let allocations: [Allocation]

        static let shape = BodyShape<Self>([
            .init("metric", .choice(UsageMetric.all), of: \.metric),
            .init("usage", .number, of: \.usage),
            .init("usage_original", .number, of: \.usageOriginal),
            .constant("cost", 0, schema: .number),
            .constant("available_in_plan", true),
            .constant("capped", false),
            .constant("unlimited", true),
            .constant("pricing_strategy", "NONE", schema: .choice(["UNIT", "PACKAGE", "TIERED", "NONE"])),
            .constant("unit_price_desc", ""),
            .init("project_allocations", of: \.allocations),
        ])
    }

    /// One project's part.
    struct Allocation: EncodableBody {
        let ref: String
        let name: String
        let usage: Int64

        static let shape = BodyShape<Self>([
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("usage", .number, of: \.usage),
        ])
    }

    /// A project without numbers.
    struct Unmeasured: EncodableBody {
        let ref: String
        let name: String
        let reason: String

        static let shape = BodyShape<Self>([
            .init("ref", .ref, of: \.ref),
            .init("name", of: \.name),
            .init("reason", of: \.reason),
        ])
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

    static let shape = BodyShape<Self>(
        "OrganizationUsage",
        [
            .constant("usage_billing_enabled", false),
            .init("usages", of: \.usages),
            .init("unmeasured_projects", of: \.unmeasuredProjects),
        ])
}
