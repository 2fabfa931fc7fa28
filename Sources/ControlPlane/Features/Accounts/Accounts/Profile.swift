import APIKit
import FeatureKit
import HTTPTypes
import Identity
import ProjectModel

/// The account as Studio's profile.
struct Profile: EncodableBody {
    let id: Int64
    let gotrueID: String
    let auth0ID: String
    let primaryEmail: String
    let username: String
    let firstName: Nullable<String>
    let lastName: Nullable<String>
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

    static let shape = BodyShape<Self>(
        "Profile",
        [
            .init("id", of: \.id),
            .init("gotrue_id", .uuid, of: \.gotrueID),
            .init("auth0_id", of: \.auth0ID),
            .init("primary_email", of: \.primaryEmail),
            .init("username", of: \.username),
            .init("first_name", of: \.firstName),
            .init("last_name", of: \.lastName),
            .null("mobile"),
            .constant("is_alpha_user", false),
            .constant("is_sso_user", false),
            // No limit on projects comes from a plan here.
            .null("free_project_limit", .integer()),
            .init("disabled_features", of: \.disabledFeatures),
        ])
}

/// The account as `/v1/profile` shows it.
struct V1Profile: EncodableBody {
    let account: Account

    init(_ account: Account) { self.account = account }

    static let shape = BodyShape<Self>(
        "V1Profile",
        [
            .init("gotrue_id", .uuid, of: \.account.id),
            .init("primary_email", of: \.account.email),
            .init("username", of: \.account.username),
        ])
}

/// A change of a profile; absent fields are kept.
struct ProfileUpdateBody: DecodableBody {
    let firstName: String?
    let lastName: String?
    let primaryEmail: String?
    let username: String?
    /// The present password: a change of the address requires it, or a sign-in of the last minutes.
    let currentPassword: Secret<String>?

    static let schemaName: String? = "ProfileUpdate"

    init(fields: BodyReader) throws {
        firstName = try fields.readIfPresent("first_name", .text(0...Self.nameLengthMax))
        lastName = try fields.readIfPresent("last_name", .text(0...Self.nameLengthMax))
        primaryEmail = try fields.readIfPresent("primary_email")
        username = try fields.readIfPresent("username", .text(1...Self.nameLengthMax))
        currentPassword = try fields.secretIfPresent("current_password")
    }

    /// Longest accepted name in characters.
    static let nameLengthMax = 256

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
