public import ProjectModel

/// An organization: owner of projects, with members.
public struct Organization: Sendable, Equatable, Hashable {
    /// Slug of the organization that every installation has, and that projects from before there were others are in.
    public static let defaultSlug = "default"

    /// Number that Studio calls `id`.
    public var number: Int64
    /// Identifier in paths: `^[\w-]+$`.
    public var slug: String
    /// Name, 1 to 256 characters.
    public var name: String
    /// The billing address; unused.
    public var billingEmail: String?
    /// Addresses of copies of bills; unused.
    public var additionalBillingEmails: [String]
    /// What its members agreed to, in Studio's words, such as `AI_SQL_GENERATOR_OPT_IN`.
    public var optInTags: [String]
    /// Creation time.
    public var insertedAt: Timestamp

    /// An organization.
    public init(
        number: Int64, slug: String, name: String, billingEmail: String? = nil, additionalBillingEmails: [String] = [],
        optInTags: [String] = [], insertedAt: Timestamp
    ) {
        self.number = number
        self.slug = slug
        self.name = name
        self.billingEmail = billingEmail
        self.additionalBillingEmails = additionalBillingEmails
        self.optInTags = optInTags
        self.insertedAt = insertedAt
    }
}
