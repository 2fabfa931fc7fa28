import APIKit
import Identity
import ProjectModel

/// The plan of every organization. Nothing is sold here; Studio offers to pause projects on this one only.
struct PlanRow: EncodableBody {
    fileprivate static let id = "free"

    static let shape = BodyShape<Self>(
        "Plan",
        [
            .constant("id", id),
            .constant("name", "Free"),
        ])
}

/// An organization in Studio's list. Besides what the list has, it carries what the detail has: Studio takes either.
struct OrganizationRow: EncodableBody {
    let id: Int64
    let slug: String
    let name: String
    let isOwner: Bool
    let billingEmail: Nullable<String>
    let optInTags: [String]

    init(_ organization: Organization, isOwner: Bool) {
        id = organization.number
        slug = organization.slug
        name = organization.name
        self.isOwner = isOwner
        billingEmail = Nullable(organization.billingEmail)
        optInTags = organization.optInTags
    }

    init(_ organization: Organization, for principal: Principal) {
        self.init(organization, isOwner: principal.owns(organization.slug))
    }

    static let shape = BodyShape<Self>(
        "Organization",
        [
            .init("id", of: \.id),
            .init("slug", of: \.slug),
            .init("name", of: \.name),
            .init("is_owner", of: \.isOwner),
            .init("billing_email", of: \.billingEmail),
            .null("billing_partner"),
            .constant("plan", PlanRow()),
            .init("opt_in_tags", of: \.optInTags),
            .constant("organization_requires_mfa", false),
            .constant("organization_missing_address", false),
            .constant("organization_missing_tax_id", false),
            .constant("has_oriole_project", false),
            .null("restriction_status"),
            .null("restriction_data", .map(.anything)),
            .null("stripe_customer_id"),
            .null("subscription_id"),
            .constant("usage_billing_enabled", false),
            .null("integration_source"),
        ])
}

extension Principal {
    /// Whether they own an organization.
    func owns(_ slug: String) -> Bool {
        memberships.contains {
            $0.organizationSlug == slug && $0.roles.contains { $0.base == .owner && $0.projects.isEmpty }
        }
    }
}

/// The response to a change of an organization.
struct ChangedOrganization: EncodableBody {
    let organization: Organization

    init(_ organization: Organization) { self.organization = organization }

    static let shape = BodyShape<Self>(
        "ChangedOrganization",
        [
            .init("id", of: \.organization.number),
            .init("slug", of: \.organization.slug),
            .init("name", of: \.organization.name),
            .optional("billing_email", of: \.organization.billingEmail),
            .init("opt_in_tags", of: \.organization.optInTags),
            .null("stripe_customer_id"),
        ])
}

/// An organization on `/v1`, whose slug is its id.
struct V1Organization: EncodableBody {
    let organization: Organization

    init(_ organization: Organization) { self.organization = organization }

    static let shape = BodyShape<Self>(
        "V1Organization",
        [
            .init("id", .pattern(#"^[\w-]+$"#), of: \.organization.slug),
            .init("slug", .pattern(#"^[\w-]+$"#), of: \.organization.slug),
            .init("name", of: \.organization.name),
        ])
}

/// One organization on `/v1`.
struct V1OrganizationDetail: EncodableBody {
    let organization: Organization

    init(_ organization: Organization) { self.organization = organization }

    static let shape = BodyShape<Self>(
        "V1OrganizationDetail",
        [
            .init("id", of: \.organization.slug),
            .init("name", of: \.organization.name),
            .optional("plan", .choice([PlanRow.id])) { _ in PlanRow.id },
            .init("opt_in_tags", .array(.choice(OrganizationUpdateBody.tags)), of: \.organization.optInTags),
            .constant("allowed_release_channels", ["ga"], schema: .array(.choice(["ga"]))),
        ])
}
