import APIKit
import HTTPTypes

/// What a new organization is called. Plan, kind, size and billing, which Studio sends as well, mean nothing here.
struct CreateOrganizationBody: DecodableBody {
    let name: String

    /// Longest accepted name in characters.
    static let nameLengthMax = 256

    static let schemaName: String? = "CreateOrganization"

    init(fields: BodyReader) throws {
        name = try fields.read("name", .text(1...Self.nameLengthMax))
        fields.ignore("tier", .text)
        fields.ignore("kind", .text)
        fields.ignore("size", .text)
    }

    /// The name, checked.
    func checkedName() throws(APIError) -> String { try Self.checked(name) }

    static func checked(_ name: String) throws(APIError) -> String {
        guard (1...nameLengthMax).contains(name.unicodeScalars.count), name.isOneLine else {
            throw APIError(.badRequest, "name must be one line of 1 to \(nameLengthMax) characters")
        }
        return name
    }
}

/// A change of an organization; absent fields are kept.
struct OrganizationUpdateBody: DecodableBody {
    let name: String?
    let billingEmail: String?
    let additionalBillingEmails: [String]?
    let optInTags: [String]?

    /// Most further addresses for bills.
    static let emailsMax = 20
    /// The opt-ins of an organization.
    static let tags = ["AI_SQL_GENERATOR_OPT_IN", "AI_DATA_GENERATOR_OPT_IN", "AI_LOG_GENERATOR_OPT_IN"]

    static let schemaName: String? = "OrganizationUpdate"

    init(fields: BodyReader) throws {
        name = try fields.readIfPresent("name", .text(1...CreateOrganizationBody.nameLengthMax))
        billingEmail = try fields.readIfPresent("billing_email")
        additionalBillingEmails = try fields.readIfPresent("additional_billing_emails")
        optInTags = try fields.readIfPresent("opt_in_tags", .array(.choice(Self.tags)))
    }

    /// Refuses what cannot be.
    func check() throws(APIError) {
        if let name { _ = try CreateOrganizationBody.checked(name) }
        guard (additionalBillingEmails ?? []).count <= Self.emailsMax else {
            throw APIError(.badRequest, "additional_billing_emails must hold at most \(Self.emailsMax) addresses")
        }
        guard (optInTags ?? []).allSatisfy(Self.tags.contains) else {
            throw APIError(.badRequest, "opt_in_tags must hold only \(Self.tags.joined(separator: ", "))")
        }
    }
}
