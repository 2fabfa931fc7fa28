/// The four roles of an organization. The numbers are the ids under which Studio knows the organization-wide ones.
public enum BaseRole: Int64, Sendable, CaseIterable, Codable {
    /// Everything, the organization's end included.
    case owner = 1
    /// Everything but the organization itself and its owners.
    case administrator = 2
    /// Works inside projects; creates, pauses and deletes none, and changes no member.
    case developer = 3
    /// Reads, but sees no key that would allow more.
    case readOnly = 4

    /// Its name as people see it.
    public var name: String {
        switch self {
        case .owner: "Owner"
        case .administrator: "Administrator"
        case .developer: "Developer"
        case .readOnly: "Read-only"
        }
    }

    /// Its permissions.
    public var permissions: Set<Permission> {
        switch self {
        case .owner: Self.everything
        case .administrator: Self.everything.subtracting([.organizationAdminWrite])
        case .developer: Self.everything.subtracting(Self.administration)
        case .readOnly: Self.everything.filter { $0.isRead }.subtracting(Self.revealing)
        }
    }

    private static let everything = Set(Permission.allCases)

    /// What developers may not: change the organization, its members, and the existence of projects.
    private static let administration: Set<Permission> = [
        .organizationAdminWrite, .membersWrite, .projectsCreate, .projectAdminWrite, .addOnsWrite, .auditRead,
        .apiKeysWrite, .signingKeysWrite, .productionBranchesDelete, .networkRestrictionsWrite, .customDomainWrite,
        .vanitySubdomainWrite, .databaseJITWrite, .backupsWrite,
    ]

    /// Permissions that reveal a key, a digest of a secret, or the audit trail.
    private static let revealing: Set<Permission> = [
        .apiKeysRead, .functionSecretsRead, .signingKeysRead, .databaseJITRead, .auditRead, .analyticsLogsRead,
    ]
}
