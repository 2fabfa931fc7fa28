import APIKit
import Identity
import ProjectModel

/// The plan of every organization. Nothing is sold here; Studio offers to pause projects on this one only.
struct PlanRow: Encodable, Sendable, Documented {
    let id = "free"
    let name = "Free"

    static let schema = Schema.named("Plan", .fields(.init("id", .text), .init("name", .text)))
}

/// An organization in Studio's list. Besides what the list has, it carries what the detail has: Studio takes either.
struct OrganizationRow: Encodable, Sendable, Documented {
    let id: Int64
    let slug: String
    let name: String
    let isOwner: Bool
    let billingEmail: Nullable<String>
    let billingPartner = Nullable<String>(nil)
    let plan = PlanRow()
    let optInTags: [String]
    let organizationRequiresMFA = false
    let organizationMissingAddress = false
    let organizationMissingTaxID = false
    let hasOrioleProject = false
    let restrictionStatus = Nullable<String>(nil)
    let restrictionData = Nullable<String>(nil)
    let stripeCustomerID = Nullable<String>(nil)
    let subscriptionID = Nullable<String>(nil)
    let usageBillingEnabled = false
    let integrationSource = Nullable<String>(nil)

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

    static let schema = Schema.named(
        "Organization",
        .fields(
            .init("id", .integer()), .init("slug", .text), .init("name", .text), .init("is_owner", .boolean),
            .init("billing_email", .nullable(.text)), .init("billing_partner", .nullable(.text)),
            .init("plan", PlanRow.schema), .init("opt_in_tags", .array(.text)),
            .init("organization_requires_mfa", .boolean), .init("organization_missing_address", .boolean),
            .init("organization_missing_tax_id", .boolean), .init("has_oriole_project", .boolean),
            .init("restriction_status", .nullable(.text)), .init("restriction_data", .nullable(.map(.anything))),
            .init("stripe_customer_id", .nullable(.text)), .init("subscription_id", .nullable(.text)),
            .init("usage_billing_enabled", .boolean), .init("integration_source", .nullable(.text))))

    enum CodingKeys: String, CodingKey {
        case id, slug, name, plan
        case isOwner = "is_owner"
        case billingEmail = "billing_email"
        case billingPartner = "billing_partner"
        case optInTags = "opt_in_tags"
        case organizationRequiresMFA = "organization_requires_mfa"
        case organizationMissingAddress = "organization_missing_address"
        case organizationMissingTaxID = "organization_missing_tax_id"
        case hasOrioleProject = "has_oriole_project"
        case restrictionStatus = "restriction_status"
        case restrictionData = "restriction_data"
        case stripeCustomerID = "stripe_customer_id"
        case subscriptionID = "subscription_id"
        case usageBillingEnabled = "usage_billing_enabled"
        case integrationSource = "integration_source"
    }
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
struct ChangedOrganization: Encodable, Sendable, Documented {
    let id: Int64
    let slug: String
    let name: String
    let billingEmail: String?
    let optInTags: [String]
    let stripeCustomerID = Nullable<String>(nil)

    init(_ organization: Organization) {
        id = organization.number
        slug = organization.slug
        name = organization.name
        billingEmail = organization.billingEmail
        optInTags = organization.optInTags
    }

    static let schema = Schema.named(
        "ChangedOrganization",
        .fields(
            .init("id", .integer()), .init("slug", .text), .init("name", .text), .optional("billing_email", .text),
            .init("opt_in_tags", .array(.text)), .init("stripe_customer_id", .nullable(.text))))

    enum CodingKeys: String, CodingKey {
        case id, slug, name
        case billingEmail = "billing_email"
        case optInTags = "opt_in_tags"
        case stripeCustomerID = "stripe_customer_id"
    }
}

/// An organization on `/v1`, whose slug is its id.
struct V1Organization: Encodable, Sendable, Documented {
    let id: String
    let slug: String
    let name: String

    init(_ organization: Organization) {
        id = organization.slug
        slug = organization.slug
        name = organization.name
    }

    static let schema = Schema.named(
        "V1Organization",
        .fields(.init("id", .pattern(#"^[\w-]+$"#)), .init("slug", .pattern(#"^[\w-]+$"#)), .init("name", .text)))
}

/// One organization on `/v1`.
struct V1OrganizationDetail: Encodable, Sendable, Documented {
    let id: String
    let name: String
    let plan = PlanRow().id
    let optInTags: [String]
    let allowedReleaseChannels = ["ga"]

    init(_ organization: Organization) {
        id = organization.slug
        name = organization.name
        optInTags = organization.optInTags
    }

    static let schema = Schema.named(
        "V1OrganizationDetail",
        .fields(
            .init("id", .text), .init("name", .text), .optional("plan", .choice(["free"])),
            .init("opt_in_tags", .array(.choice(OrganizationUpdateBody.tags))),
            .init("allowed_release_channels", .array(.choice(["ga"])))))

    enum CodingKeys: String, CodingKey {
        case id, name, plan
        case optInTags = "opt_in_tags"
        case allowedReleaseChannels = "allowed_release_channels"
    }
}
