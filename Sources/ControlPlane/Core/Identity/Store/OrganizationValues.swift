public import ProjectModel

/// An organization to be stored with its first owner.
public struct NewOrganization: Sendable, Equatable {
    /// Slug.
    public var slug: String
    /// Name.
    public var name: String
    /// Identifier of the account that becomes its owner.
    public var owner: String
    /// Creation time.
    public var at: Timestamp

    /// An organization.
    public init(slug: String, name: String, owner: String, at: Timestamp) {
        self.slug = slug
        self.name = name
        self.owner = owner
        self.at = at
    }
}

/// The outcome of creating an organization.
public enum NewOrganizationOutcome: Sendable, Equatable {
    case created(Organization)
    /// Draw another slug.
    case slugTaken
    /// The account owns as many as it may.
    case tooMany
    /// There is no such account.
    case noAccount
}

/// A change of an organization; what is nil stays.
public struct OrganizationChange: Sendable, Equatable {
    /// Name.
    public var name: String?
    /// The billing address; may be empty.
    public var billingEmail: String?
    /// Addresses of copies of bills; unused.
    public var additionalBillingEmails: [String]?
    /// What its members agreed to.
    public var optInTags: [String]?

    /// A change.
    public init(
        name: String? = nil, billingEmail: String? = nil, additionalBillingEmails: [String]? = nil,
        optInTags: [String]? = nil
    ) {
        self.name = name
        self.billingEmail = billingEmail
        self.additionalBillingEmails = additionalBillingEmails
        self.optInTags = optInTags
    }
}

/// The outcome of deleting an organization.
public enum OrganizationDeletion: Sendable, Equatable {
    case deleted
    case notFound
    /// It has this many projects that are not deleted.
    case hasProjects(Int)
    /// Its deleted projects left this many volumes with data.
    case hasKeptVolumes(Int)
}
