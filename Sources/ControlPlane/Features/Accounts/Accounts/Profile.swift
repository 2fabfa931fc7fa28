import APIKit
import FeatureKit
import HTTPTypes
import Identity
import ProjectModel

/// The account as Studio's profile.
struct Profile: Encodable, Sendable, Documented {
    let id: Int64
    let gotrueID: String
    let auth0ID: String
    let primaryEmail: String
    let username: String
    let firstName: Nullable<String>
    let lastName: Nullable<String>
    let mobile = Nullable<String>(nil)
    let isAlphaUser = false
    let isSSOUser = false
    /// No limit on projects comes from a plan here.
    let freeProjectLimit = Nullable<Int>(nil)
    /// Pages of Studio that this installation has nothing for.
    let disabledFeatures: [String]

    init(_ account: Account, _ features: ServedFeatures) {
        disabledFeatures = features.disabledPages
        id = account.number
        gotrueID = account.id
        // Studio checks whether it begins with "github".
        auth0ID = "email|\(account.id)"
        primaryEmail = account.email
        username = account.username
        firstName = Nullable(account.firstName)
        lastName = Nullable(account.lastName)
    }

    static let schema = Schema.named(
        "Profile",
        .fields(
            .init("id", .integer()), .init("gotrue_id", .uuid), .init("auth0_id", .text),
            .init("primary_email", .text), .init("username", .text), .init("first_name", .nullable(.text)),
            .init("last_name", .nullable(.text)), .init("mobile", .nullable(.text)),
            .init("is_alpha_user", .boolean), .init("is_sso_user", .boolean),
            .init("free_project_limit", .nullable(.integer())), .init("disabled_features", .array(.text))))

    enum CodingKeys: String, CodingKey {
        case id, username, mobile
        case gotrueID = "gotrue_id"
        case auth0ID = "auth0_id"
        case primaryEmail = "primary_email"
        case firstName = "first_name"
        case lastName = "last_name"
        case isAlphaUser = "is_alpha_user"
        case isSSOUser = "is_sso_user"
        case freeProjectLimit = "free_project_limit"
        case disabledFeatures = "disabled_features"
    }
}

/// The account as `/v1/profile` shows it.
struct V1Profile: Encodable, Sendable, Documented {
    let gotrueID: String
    let primaryEmail: String
    let username: String

    init(_ account: Account) {
        gotrueID = account.id
        primaryEmail = account.email
        username = account.username
    }

    static let schema = Schema.named(
        "V1Profile",
        .fields(.init("gotrue_id", .uuid), .init("primary_email", .text), .init("username", .text)))

    enum CodingKeys: String, CodingKey {
        case username
        case gotrueID = "gotrue_id"
        case primaryEmail = "primary_email"
    }
}

/// A change of a profile; absent fields are kept.
struct ProfileUpdateBody: Decodable, Sendable {
    let firstName: String?
    let lastName: String?
    let primaryEmail: String?
    let username: String?
    /// The present password: a change of the address requires it, or a sign-in of the last minutes.
    let currentPassword: Secret<String>?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        firstName = try container.decodeIfPresent(String.self, forKey: .firstName)
        lastName = try container.decodeIfPresent(String.self, forKey: .lastName)
        primaryEmail = try container.decodeIfPresent(String.self, forKey: .primaryEmail)
        username = try container.decodeIfPresent(String.self, forKey: .username)
        currentPassword = try container.decodeIfPresent(String.self, forKey: .currentPassword).map { Secret($0) }
    }

    /// Longest accepted name in characters.
    static let nameLengthMax = 256

    static let schema = Schema.named(
        "ProfileUpdate",
        .fields(
            .optional("first_name", .text(0...nameLengthMax)), .optional("last_name", .text(0...nameLengthMax)),
            .optional("primary_email", .text), .optional("username", .text(1...nameLengthMax)),
            .optional("current_password", .text)))

    enum CodingKeys: String, CodingKey {
        case username
        case firstName = "first_name"
        case lastName = "last_name"
        case primaryEmail = "primary_email"
        case currentPassword = "current_password"
    }

    /// Refuses empty names.
    func check() throws(APIError) {
        for (field, value) in [("first_name", firstName), ("last_name", lastName), ("username", username)] {
            guard let value else { continue }
            let isLongEnough = field != "username" || !value.isEmpty
            guard isLongEnough, value.unicodeScalars.count <= Self.nameLengthMax, value.isOneLine else {
                throw APIError(
                    .badRequest, "\(field) must be one line of at most \(Self.nameLengthMax) characters")
            }
        }
    }
}

extension String {
    /// Whether it holds no control characters: a name that cannot forge a line of a log or a list.
    var isOneLine: Bool { unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) } }
}
