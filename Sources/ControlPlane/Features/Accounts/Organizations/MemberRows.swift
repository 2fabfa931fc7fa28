import APIKit
import Identity
import ProjectModel

/// A member of an organization.
struct MemberRow: Encodable, Sendable, Documented {
    let gotrueID: String
    let username: String
    let primaryEmail: Nullable<String>
    let roleIDs: [Int64]
    let mfaEnabled = false
    let isSSOUser = Nullable<Bool>(false)
    let metadata: [String: String] = [:]
    let avatarURL = Nullable<String>(nil)

    init(_ member: Member) {
        gotrueID = member.account.id
        username = member.account.username
        primaryEmail = Nullable(member.account.email)
        roleIDs = member.roles.map(\.number).sorted()
    }

    static let schema = Schema.named(
        "Member",
        .fields(
            .init("gotrue_id", .uuid), .init("username", .text), .init("primary_email", .nullable(.text)),
            .init("role_ids", .array(.integer())), .init("mfa_enabled", .boolean),
            .init("is_sso_user", .nullable(.boolean)), .init("metadata", .map(.anything)),
            .init("avatar_url", .nullable(.text))))

    enum CodingKeys: String, CodingKey {
        case username, metadata
        case gotrueID = "gotrue_id"
        case primaryEmail = "primary_email"
        case roleIDs = "role_ids"
        case mfaEnabled = "mfa_enabled"
        case isSSOUser = "is_sso_user"
        case avatarURL = "avatar_url"
    }
}

/// A member of an organization, on `/v1`.
struct V1Member: Encodable, Sendable, Documented {
    let userID: String
    let userName: String
    let email: String
    let roleName: String
    let mfaEnabled = false

    init(_ member: Member) {
        userID = member.account.id
        userName = member.account.username
        email = member.account.email
        // The role that allows most: its number is the lowest.
        roleName = member.roles.map(\.base).min { $0.rawValue < $1.rawValue }?.name ?? ""
    }

    static let schema = Schema.named(
        "V1Member",
        .fields(
            .init("user_id", .uuid), .init("user_name", .text), .optional("email", .text), .init("role_name", .text),
            .init("mfa_enabled", .boolean)))

    enum CodingKeys: String, CodingKey {
        case email
        case userID = "user_id"
        case userName = "user_name"
        case roleName = "role_name"
        case mfaEnabled = "mfa_enabled"
    }
}
