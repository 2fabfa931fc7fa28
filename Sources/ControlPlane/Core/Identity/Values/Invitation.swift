public import ProjectModel

/// An offer to become a member, good for one acceptance.
public struct Invitation: Sendable, Equatable {
    /// Number that Studio calls `id`.
    public var number: Int64
    /// The organization.
    public var organizationSlug: String
    /// Name of the organization.
    public var organizationName: String
    /// E-mail address that it is for: of the account that is made from it, or the verified one of an account that is
    /// there.
    public var email: String
    /// Role that is offered.
    public var role: BaseRole
    /// Projects that the role is limited to; empty for the whole organization.
    public var projects: Set<ProjectRef>
    /// Identifier of the account that invited; nil when it is gone.
    public var invitedBy: String?
    /// When.
    public var invitedAt: Timestamp
    /// When it expires.
    public var expiresAt: Timestamp
    /// Whether an administrator of the installation made it, who thereby vouches for the address.
    public var isVouched: Bool

    /// An invitation.
    public init(
        number: Int64, organizationSlug: String, organizationName: String, email: String, role: BaseRole,
        projects: Set<ProjectRef> = [], invitedBy: String?, invitedAt: Timestamp, expiresAt: Timestamp,
        isVouched: Bool = false
    ) {
        self.number = number
        self.organizationSlug = organizationSlug
        self.organizationName = organizationName
        self.email = email
        self.role = role
        self.projects = projects
        self.invitedBy = invitedBy
        self.invitedAt = invitedAt
        self.expiresAt = expiresAt
        self.isVouched = isVouched
    }

    /// Whether it is too late to accept.
    public func isExpired(at time: Timestamp) -> Bool { time >= expiresAt }
}
