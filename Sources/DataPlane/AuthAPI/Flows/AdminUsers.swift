import DataPlaneCore
import PasswordKit
import PostgresKit
import TokenKit

/// `/admin/users`
extension AuthCall {
    /// Most users of one page.
    private static let pageMax = 1_000

    func adminUsers(_ route: AuthRoute) async throws(AuthError) -> ServiceResponse {
        switch route {
        case .listUsers: return try await listUsers()
        case .createUser: return try await createUser()
        case .updateAdminUser(let id): return try await updateUser(try Self.userID(id))
        case .deleteAdminUser(let id): return try await deleteUser(try Self.userID(id))
        case .adminUser(let id):
            return ServiceResponse(status: 200, json: try await knownUser(try Self.userID(id)).json)
        default: throw .notFound
        }
    }

    static func userID(_ text: String) throws(AuthError) -> String {
        guard let id = UUIDText.canonical(text) else {
            throw AuthError(404, code: "validation_failed", message: "user_id must be an UUID")
        }
        return id
    }

    func knownUser(_ id: String) async throws(AuthError) -> UserRecord {
        let user = try await reading { store throws(PostgresError) in try await store.user(id: id) }
        guard let user else { throw .userNotFound }
        return user
    }

    // MARK: List

    private func listUsers() async throws(AuthError) -> ServiceResponse {
        let page = try pageNumber("page", default: 1, max: Int(Int32.max))
        let size = try pageNumber("per_page", default: 50, max: Self.pageMax)
        let order = try UserOrder(request.queryValues("sort"))
        let filter = request.queryValue("filter") ?? ""
        let audience = audience
        let result = try await reading { store throws(PostgresError) -> (Int, [UserRecord]) in
            let condition = """
                u.instance_id = '\(AuthStore.instance)' AND u.aud = $1 AND ($2 = '' OR position($2 IN u.email) > 0
                  OR position(lower($2) IN lower(u.raw_user_meta_data ->> 'full_name')) > 0)
                """
            let count = try await store.session.single(
                "SELECT count(*) AS count FROM auth.users u WHERE \(condition)", [.text(audience), .text(filter)])
            let rows = try await store.session.query(
                """
                SELECT \(UserRecord.sql) FROM auth.users u WHERE \(condition) ORDER BY \(order.sql)
                LIMIT $3::bigint OFFSET $4::bigint
                """, [.text(audience), .text(filter), .int(size), .int((page - 1) * size)])
            var users: [UserRecord] = []
            for row in rows { if let user = UserRecord(try row.string("document")) { users.append(user) } }
            return (try count.int("count"), users)
        }
        var response = ServiceResponse(
            status: 200,
            json: .object([
                .init("users", .array(result.1.map(\.json))), .init("aud", .string(audience)),
            ]))
        addPages(&response, page: page, size: size, total: result.0)
        return response
    }

    func pageNumber(_ name: String, default standard: Int, max: Int) throws(AuthError) -> Int {
        guard let text = request.queryValue(name), !text.isEmpty else { return standard }
        guard let number = Int(text), (1...Int(Int32.max)).contains(number) else {
            throw .validation("Bad Pagination Parameters: \(name) is not a number from 1 on")
        }
        return min(number, max)
    }

    func addPages(_ response: inout ServiceResponse, page: Int, size: Int, total: Int) {
        let last = max(1, (total + size - 1) / size)
        let path = request.segments.joined(separator: "/")
        let link = { (number: Int, name: String) in "</\(path)?page=\(number)&per_page=\(size)>; rel=\"\(name)\"" }
        response.set(
            "Link", ((page < last ? [link(page + 1, "next")] : []) + [link(last, "last")]).joined(separator: ", "))
        response.set("X-Total-Count", String(total))
    }

    // MARK: Create

    private struct AdminChange: Sendable {
        var email: EmailAddress?
        var phone: PhoneNumber?
        var passwordHash: String?
        var confirmsEmail: Bool
        var confirmsPhone: Bool
        var userMetadata: [JSONText.Member]?
        var appMetadata: [JSONText.Member]?
        var role: String?
        var ban: BanDuration?
    }

    private func adminChange() async throws(AuthError) -> AdminChange {
        let emailText = try request.text("email") ?? ""
        let phoneText = try request.text("phone") ?? ""
        var email: EmailAddress?
        if !emailText.isEmpty {
            guard let address = EmailAddress(emailText) else { throw .invalidEmail }
            email = address
        }
        var phone: PhoneNumber?
        if !phoneText.isEmpty {
            guard let number = PhoneNumber(phoneText) else { throw .invalidPhone }
            phone = number
        }
        let password = try request.text("password") ?? ""
        var passwordHash = try request.text("password_hash").flatMap { $0.isEmpty ? nil : $0 }
        if let given = passwordHash {
            guard password.isEmpty else {
                throw .validation("Only a password or a password hash should be provided")
            }
            guard PasswordVerifier.isKnown(given), given.utf8.count <= 255 else {
                throw .validation("The password hash is none of bcrypt, argon2i and argon2id, or costs too much")
            }
        } else if !password.isEmpty {
            try await checkStrength(of: password)
            passwordHash = try await hash(password: password)
        }
        var ban: BanDuration?
        if let text = try request.text("ban_duration"), !text.isEmpty {
            guard let duration = BanDuration(text) else {
                throw .validation("invalid format for ban_duration: \(text.prefix(32))")
            }
            ban = duration
        }
        return AdminChange(
            email: email, phone: phone, passwordHash: passwordHash,
            confirmsEmail: try request.bool("email_confirm") ?? false,
            confirmsPhone: try request.bool("phone_confirm") ?? false,
            userMetadata: try request.object("user_metadata"), appMetadata: try request.object("app_metadata"),
            role: try request.text("role").flatMap { $0.isEmpty ? nil : $0 }, ban: ban)
    }

    private func createUser() async throws(AuthError) -> ServiceResponse {
        let change = try await adminChange()
        guard change.email != nil || change.phone != nil else {
            throw .validation("Cannot create a user without either an email or phone")
        }
        var id = try newID()
        if let wanted = try request.text("id"), !wanted.isEmpty {
            guard let given = UUIDText.canonical(wanted), given != AuthStore.instance else {
                throw .validation("ID must conform to the uuid v4 format")
            }
            id = given
        }
        let newID = id
        let audience = audience
        let user = try await changing("Database error creating new user") { store -> UserRecord in
            try await checkAddresses(store, change, audience: audience, except: nil)
            let provider = change.email != nil ? "email" : "phone"
            let providers = [change.email.map { _ in "email" }, change.phone.map { _ in "phone" }].compactMap { $0 }
            let known = JSONText.object([
                .init("provider", .string(provider)), .init("providers", .array(providers.map { .string($0) })),
            ])
            var metadata = change.userMetadata ?? []
            metadata.append(.init("email_verified", .bool(change.confirmsEmail && change.email != nil)))
            let new = AuthStore.NewUser(
                id: newID, audience: audience, role: change.role ?? configuration.defaultRole,
                email: change.email?.text, phone: change.phone?.digits, passwordHash: change.passwordHash,
                appMetadata: Metadata.merge(.object(change.appMetadata ?? []), known.members),
                userMetadata: Metadata.merge(.object([]), metadata))
            guard let made = try await insert(store, new, data: []) else { throw AuthError.userNotFound }
            try await confirm(made, by: change, in: store)
            try await store.audit(
                .signedUp, actor: nil, address: address ?? "", traits: [.init("user_id", .string(newID))])
            guard let current = try await store.user(id: newID) else { throw AuthError.userNotFound }
            return current
        }
        return ServiceResponse(status: 200, json: user.json)
    }

    private func checkAddresses(
        _ store: AuthStore, _ change: AdminChange, audience: String, except id: String?
    ) async throws {
        if let email = change.email, try await store.isEmailTaken(email.text, audience: audience, except: id) {
            throw AuthError.emailExists
        }
        if let phone = change.phone, try await store.isPhoneTaken(phone.digits, audience: audience, except: id) {
            throw AuthError.phoneExists
        }
    }

    private func confirm(_ user: UserRecord, by change: AdminChange, in store: AuthStore) async throws {
        if change.confirmsEmail, user.email != nil, !user.isEmailConfirmed { try await confirmEmail(store, user) }
        var changes: [(column: String, change: AuthStore.Change)] = []
        if change.confirmsPhone, user.phone != nil, !user.isPhoneConfirmed {
            changes.append(("phone_confirmed_at", .now))
        }
        if let ban = change.ban { changes.append(("banned_until", .set(ban.until(service.clock())))) }
        try await store.update(user: user.id, changes)
    }

    // MARK: Update

    private func updateUser(_ id: String) async throws(AuthError) -> ServiceResponse {
        let change = try await adminChange()
        let user = try await changing("Error updating user") { store -> UserRecord in
            guard let user = try await store.user(id: id, isLocked: true) else { throw AuthError.userNotFound }
            try await checkAddresses(store, change, audience: user.audience, except: id)
            try await applyAddresses(of: change, to: user, in: store)
            // Read again: a new address has changed metadata.
            guard let changed = try await store.user(id: id) else { throw AuthError.userNotFound }
            var changes: [(column: String, change: AuthStore.Change)] = []
            if let hash = change.passwordHash { changes.append(("encrypted_password", .set(.text(hash)))) }
            if let role = change.role { changes.append(("role", .set(.text(role)))) }
            if let members = change.userMetadata {
                let metadata = try Metadata.bounded(changed.userMetadata, members)
                changes.append(("raw_user_meta_data", .set(.text(metadata.text))))
            }
            if let members = change.appMetadata {
                let metadata = try Metadata.bounded(changed.appMetadata, members)
                changes.append(("raw_app_meta_data", .set(.text(metadata.text))))
            }
            try await store.update(user: id, changes)
            if change.passwordHash != nil { try await store.clearCodes(user: id) }
            if change.passwordHash != nil || change.ban?.isBan == true { try await store.deleteSessions(user: id) }
            guard let merged = try await store.user(id: id) else { throw AuthError.userNotFound }
            try await confirm(merged, by: change, in: store)
            try await store.audit(
                .modified, actor: nil, address: address ?? "", traits: [.init("user_id", .string(id))])
            guard let current = try await store.user(id: id) else { throw AuthError.userNotFound }
            return current
        }
        return ServiceResponse(status: 200, json: user.json)
    }

    /// Addresses change at once.
    private func applyAddresses(of change: AdminChange, to user: UserRecord, in store: AuthStore) async throws {
        let addresses = [("email", change.email?.text, user.email), ("phone", change.phone?.digits, user.phone)]
        for (provider, value, old) in addresses {
            guard let value else { continue }
            if value != old { try await store.clearCodes(user: user.id) }
            try await store.update(user: user.id, [(provider, .set(.text(value))), ("is_anonymous", .set(false))])
            let data = JSONText.object([.init("sub", .string(user.id)), .init(provider, .string(value))])
            try await store.upsertIdentity(user: user.id, provider: provider, providerID: user.id, data: data)
        }
        guard change.email != nil || change.phone != nil else { return }
        try await store.refreshProviders(user: user)
    }

    // MARK: Delete

    private func deleteUser(_ id: String) async throws(AuthError) -> ServiceResponse {
        let body = try request.readingBody(isRequired: false)
        let isSoft = try body.bool("should_soft_delete") ?? false
        try await changing("Database error deleting user") { store in
            guard let user = try await store.user(id: id, isLocked: true) else { throw AuthError.userNotFound }
            if isSoft {
                try await softDelete(store, user)
            } else {
                try await store.session.execute("DELETE FROM auth.users WHERE id = $1", [.text(id)])
            }
            try await store.deleteFlows(user: id)
            try await store.audit(
                .deleted, actor: nil, address: address ?? "", traits: [.init("user_id", .string(id))])
        }
        return ServiceResponse(status: 200, json: .object([]))
    }

    /// The row stays for what refers to it; nothing in it tells of the user.
    private func softDelete(_ store: AuthStore, _ user: UserRecord) async throws {
        func hidden(_ text: String?) throws(AuthError) -> PostgresParameter {
            guard let text else { return .null }
            do throws(TokenError) {
                return .text(Base64URL.encode(try Digest.hmacSHA256(Array(text.utf8), key: service.keys.codeKey)))
            } catch { throw .crypto(error) }
        }
        try await store.update(
            user: user.id,
            [
                ("email", .set(try hidden(user.email))), ("phone", .set(try hidden(user.phone))),
                ("encrypted_password", .set("")), ("raw_user_meta_data", .set("{}")),
                ("raw_app_meta_data", .set("{}")), ("deleted_at", .now),
            ])
        try await store.clearCodes(user: user.id)
        try await store.deleteSessions(user: user.id)
        try await store.session.execute("DELETE FROM auth.mfa_factors WHERE user_id = $1", [.text(user.id)])
        try await store.session.execute(
            """
            UPDATE auth.identities SET provider_id = encode(sha256(convert_to(id::text || provider_id, 'UTF8')), 'hex'),
              identity_data = '{}', updated_at = now() WHERE user_id = $1
            """, [.text(user.id)])
    }
}

/// The order of a list of users: `created_at desc`, several in their order.
struct UserOrder: Sendable, Equatable {
    private static let columns: Set<String> = ["created_at", "updated_at", "last_sign_in_at", "email", "phone", "id"]
    private static let columnsMax = 8

    let sql: String

    init(_ texts: [String]) throws(AuthError) {
        var parts: [String] = []
        for text in texts.prefix(Self.columnsMax) where !text.isEmpty {
            let words = text.split(separator: " ").map { $0.lowercased() }
            guard (1...2).contains(words.count), Self.columns.contains(words[0]),
                words.count == 1 || ["asc", "desc"].contains(words[1])
            else { throw .validation("bad sort: a column and asc or desc are expected") }
            parts.append("u.\(words[0]) \(words.count == 2 ? words[1].uppercased() : "DESC")")
        }
        sql = ((parts.isEmpty ? ["u.created_at DESC"] : parts) + ["u.id"]).joined(separator: ", ")
    }
}

/// How long a user is kept out: Go's durations, or `none`.
enum BanDuration: Sendable, Equatable {
    case none
    case seconds(Double)

    init?(_ text: String) {
        if text == "none" {
            self = .none
            return
        }
        guard let seconds = GoDuration.seconds(text), seconds > 0, seconds <= 100 * 366 * 86_400 else { return nil }
        self = .seconds(seconds)
    }

    var isBan: Bool { self != .none }

    func until(_ now: Double) -> PostgresParameter {
        switch self {
        case .none: .null
        case .seconds(let seconds):
            .timestamp(PostgresTimestamp(microsecondsSinceEpoch: Int64((now + seconds) * 1_000_000)))
        }
    }
}

/// Durations as Go writes them: `1h30m`, `300s`, `1.5h`.
public enum GoDuration {
    private static let units: [(name: String, seconds: Double)] = [
        ("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3_600),
    ]

    /// The seconds of a duration; nil for any other text.
    public static func seconds(_ text: String) -> Double? {
        var rest = text[...]
        guard !rest.isEmpty, text.utf8.count <= 64 else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) || $0 == "." }
            guard let number = Double(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !("0"..."9").contains($0) && $0 != "." }
            guard let known = units.first(where: { $0.name == unit }) else { return nil }
            total += number * known.seconds
            rest = rest.dropFirst(unit.count)
        }
        return total.isFinite ? total : nil
    }
}
