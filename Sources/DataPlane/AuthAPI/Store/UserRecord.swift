import DataPlaneCore
import PostgresKit

/// A user with identities and factors, as one JSON document of PostgreSQL's.
struct UserRecord: Sendable {
    private let row: JSONText
    let identities: [JSONText]
    let factors: [JSONText]

    /// The document that ``sql`` makes.
    init?(_ text: String) {
        guard let json = try? JSONText(Array(text.utf8)), let row = json["user"], row["id"]?.stringValue != nil else {
            return nil
        }
        self.row = row
        identities = json["identities"]?.arrayValue ?? []
        factors = json["factors"]?.arrayValue ?? []
    }

    /// Columns of a statement over `auth.users u`.
    static let sql = """
        json_build_object('user', to_jsonb(u),
          'identities', coalesce((SELECT jsonb_agg(to_jsonb(i) ORDER BY i.created_at, i.id)
            FROM auth.identities i WHERE i.user_id = u.id), '[]'),
          'factors', coalesce((SELECT jsonb_agg(to_jsonb(f) ORDER BY f.created_at, f.id)
            FROM auth.mfa_factors f WHERE f.user_id = u.id), '[]'))::text AS document
        """

    /// A text that is neither missing nor empty.
    func text(_ column: String) -> String? {
        row[column]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func bool(_ column: String) -> Bool { row[column] == .bool(true) }

    /// A time in seconds since the epoch.
    func seconds(_ column: String) -> Double? { text(column).flatMap { Timestamp.seconds($0) } }

    var id: String { row["id"]?.stringValue ?? "" }
    var email: String? { text("email") }
    var phone: String? { text("phone") }
    var audience: String { row["aud"]?.stringValue ?? "" }
    var role: String { row["role"]?.stringValue ?? "" }
    var passwordHash: String? { text("encrypted_password") }
    var isEmailConfirmed: Bool { text("email_confirmed_at") != nil }
    var isPhoneConfirmed: Bool { text("phone_confirmed_at") != nil }
    var isConfirmed: Bool { isEmailConfirmed || isPhoneConfirmed }
    var isAnonymous: Bool { bool("is_anonymous") }
    var isSSO: Bool { bool("is_sso_user") }
    var isInvited: Bool { text("invited_at") != nil }
    var appMetadata: JSONText { row["raw_app_meta_data"].flatMap { $0 == .null ? nil : $0 } ?? .object([]) }
    var userMetadata: JSONText { row["raw_user_meta_data"].flatMap { $0 == .null ? nil : $0 } ?? .object([]) }

    func isBanned(at now: Double) -> Bool { seconds("banned_until").map { $0 > now } ?? false }

    var verifiedFactors: [JSONText] { factors.filter { $0["status"]?.stringValue == "verified" } }

    // MARK: The API's form

    /// The user as the API shows it.
    var json: JSONText {
        var members: [JSONText.Member] = [
            .init("id", .string(id)), .init("aud", .string(audience)), .init("role", .string(role)),
            .init("email", .string(email ?? "")),
        ]
        let add = { (name: String, column: String, isTime: Bool) in
            guard let text = text(column) else { return }
            members.append(.init(name, .string(isTime ? Timestamp.zulu(text) : text)))
        }
        add("email_confirmed_at", "email_confirmed_at", true)
        add("invited_at", "invited_at", true)
        members.append(.init("phone", .string(phone ?? "")))
        add("phone_confirmed_at", "phone_confirmed_at", true)
        add("confirmation_sent_at", "confirmation_sent_at", true)
        add("confirmed_at", "confirmed_at", true)
        add("recovery_sent_at", "recovery_sent_at", true)
        add("new_email", "email_change", false)
        add("email_change_sent_at", "email_change_sent_at", true)
        add("new_phone", "phone_change", false)
        add("phone_change_sent_at", "phone_change_sent_at", true)
        add("reauthentication_sent_at", "reauthentication_sent_at", true)
        add("last_sign_in_at", "last_sign_in_at", true)
        members += [.init("app_metadata", appMetadata), .init("user_metadata", userMetadata)]
        if !factors.isEmpty { members.append(.init("factors", .array(factors.map(Self.factor)))) }
        members.append(.init("identities", .array(identities.map(Self.identity))))
        add("created_at", "created_at", true)
        add("updated_at", "updated_at", true)
        add("banned_until", "banned_until", true)
        add("deleted_at", "deleted_at", true)
        members.append(.init("is_anonymous", .bool(isAnonymous)))
        return .object(members)
    }

    static func factor(_ row: JSONText) -> JSONText {
        var members: [JSONText.Member] = []
        for name in ["id", "friendly_name", "factor_type", "status", "phone"] {
            if let text = row[name]?.stringValue, !text.isEmpty { members.append(.init(name, .string(text))) }
        }
        for name in ["created_at", "updated_at", "last_challenged_at"] {
            if let text = row[name]?.stringValue { members.append(.init(name, .string(Timestamp.zulu(text)))) }
        }
        return .object(members)
    }

    static func identity(_ row: JSONText) -> JSONText {
        let text = { (name: String) in row[name]?.stringValue ?? "" }
        var members: [JSONText.Member] = [
            .init("identity_id", .string(text("id"))), .init("id", .string(text("provider_id"))),
            .init("user_id", .string(text("user_id"))), .init("identity_data", row["identity_data"] ?? .object([])),
            .init("provider", .string(text("provider"))),
        ]
        for name in ["last_sign_in_at", "created_at", "updated_at"] {
            if let time = row[name]?.stringValue { members.append(.init(name, .string(Timestamp.zulu(time)))) }
        }
        if let email = row["email"]?.stringValue, !email.isEmpty { members.append(.init("email", .string(email))) }
        return .object(members)
    }
}

/// Times as PostgreSQL's JSON has them.
enum Timestamp {
    /// Seconds since the epoch of `2026-11-21T03:17:00.123456+00:00`; nil for any other text.
    static func seconds(_ text: String) -> Double? {
        guard let separator = text.firstIndex(of: "T") else { return nil }
        var plain = text.replacing("T", with: " ", maxReplacements: 1)
        guard text[separator...].hasSuffix("+00:00") else { return nil }
        plain.removeLast(3)
        return PostgresTimestamp(text: plain).map { Double($0.microsecondsSinceEpoch) / 1_000_000 }
    }

    /// With `Z` for the zone.
    static func zulu(_ text: String) -> String {
        text.hasSuffix("+00:00") ? text.dropLast(6) + "Z" : text
    }
}
