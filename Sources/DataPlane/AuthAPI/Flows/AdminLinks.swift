import DataPlaneCore
import PostgresKit

/// `POST /invite`, `POST /admin/generate_link`, `GET /admin/audit`
extension AuthCall {
    func invite() async throws(AuthError) -> ServiceResponse {
        let email = try allowedEmail(try request.text("email") ?? "")
        // Links of generate_link need no mail server.
        try requireMail()
        let data = try request.object("data") ?? []
        let id = try newID()
        let audience = audience
        let user = try await changing("Database error inviting user") { store -> UserRecord in
            let user = try await invited(email, data: data, id: id, audience: audience, in: store)
            try await sendCode(
                CodeOrder(
                    kind: .confirmation, address: email.text, mail: .invite, link: .invite, isLimited: false),
                to: user, in: store)
            guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
            return current
        }
        service.wakeMailLoop()
        return ServiceResponse(status: 200, json: user.json)
    }

    /// A new user without a password, or one who has not confirmed yet.
    private func invited(
        _ email: EmailAddress, data: [JSONText.Member], id: String, audience: String, in store: AuthStore
    ) async throws -> UserRecord {
        var user = try await store.user(email: email.text, audience: audience, isLocked: true)
        if user?.isEmailConfirmed == true { throw AuthError.emailExists }
        if let user, !user.isConfirmed { try await store.forgetClaim(of: user, proving: .email) }
        if user == nil {
            user = try await unconfirmed(email, hash: nil, data: data, id: id, audience: audience, in: store)
        }
        guard let user else { throw AuthError.userNotFound }
        try await store.update(user: user.id, [("invited_at", .now)])
        try await store.audit(
            .invited, actor: nil, address: address ?? "", traits: [.init("user_id", .string(user.id))])
        return user
    }

    private func unconfirmed(
        _ email: EmailAddress, hash: String?, data: [JSONText.Member], id: String, audience: String,
        in store: AuthStore
    ) async throws -> UserRecord? {
        let new = AuthStore.NewUser(
            id: id, audience: audience, role: configuration.defaultRole, email: email.text, passwordHash: hash,
            appMetadata: Metadata.appMetadata(provider: "email"),
            userMetadata: Metadata.initial(data, sub: id, email: email.text, phone: nil))
        return try await insert(store, new, data: data)
    }

    // MARK: Links

    /// What a link is asked for with.
    private struct LinkOrder: Sendable {
        var type: String
        var email: EmailAddress
        var newEmail: EmailAddress?
        var passwordHash: String?
        var data: [JSONText.Member]
        var id: String
    }

    func generateLink() async throws(AuthError) -> ServiceResponse {
        let order = try await linkOrder()
        let audience = audience
        let made = try await changing("Database error generating link") {
            store -> (UserRecord, OneTimeCode, LinkType, String) in
            var type = order.type
            var user = try await store.user(email: order.email.text, audience: audience, isLocked: true)
            if user == nil {
                guard ["signup", "invite", "magiclink"].contains(type) else {
                    throw AuthError(404, code: "user_not_found", message: "User with this email not found")
                }
                // Who is not there yet signs up by the link.
                if type == "magiclink" { type = "signup" }
                user = try await unconfirmed(
                    order.email, hash: order.passwordHash, data: order.data, id: order.id, audience: audience, in: store
                )
            } else if type == "signup" || type == "invite" {
                guard let known = user, !known.isEmailConfirmed else { throw AuthError.emailExists }
                if let hash = order.passwordHash, !known.isConfirmed {
                    try await replaceClaim(of: known, order.email, hash: hash, data: order.data, in: store)
                } else if !known.isConfirmed {
                    try await store.forgetClaim(of: known, proving: .email)
                }
            }
            guard let user else { throw AuthError.userNotFound }
            let (kind, link, target) = try linkTarget(type, order)
            let code = try newCode(target, isPKCE: false)
            try await store.setCode(kind, user: user.id, code: code, relatesTo: target)
            if type == "invite" { try await store.update(user: user.id, [("invited_at", .now)]) }
            if let new = order.newEmail, link == .emailChange {
                guard try await !store.isEmailTaken(new.text, audience: audience, except: user.id) else {
                    throw AuthError.emailExists
                }
                try await store.update(
                    user: user.id,
                    [("email_change", .set(.text(new.text))), ("email_change_confirm_status", .set(0))])
            }
            guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
            return (current, code, link, type)
        }
        return linkAnswer(made.0, code: made.1, link: made.2, type: made.3)
    }

    private func linkOrder() async throws(AuthError) -> LinkOrder {
        let type = try request.text("type") ?? ""
        let types = ["signup", "invite", "magiclink", "recovery", "email_change_current", "email_change_new"]
        guard types.contains(type) else {
            throw .validation("Invalid email action link type requested: \(type.prefix(32))")
        }
        guard let email = EmailAddress(try request.text("email") ?? "") else { throw .invalidEmail }
        var newEmail: EmailAddress?
        if type.hasPrefix("email_change") {
            guard let address = EmailAddress(try request.text("new_email") ?? "") else { throw .invalidEmail }
            newEmail = address
        }
        var hash: String?
        if type == "signup" {
            guard let password = try request.text("password"), !password.isEmpty else {
                throw .validation("Signup requires a valid password")
            }
            try await checkStrength(of: password)
            hash = try await self.hash(password: password)
        }
        return LinkOrder(
            type: type, email: email, newEmail: newEmail, passwordHash: hash, data: try request.object("data") ?? [],
            id: try newID())
    }

    private func linkTarget(
        _ type: String, _ order: LinkOrder
    ) throws(AuthError) -> (kind: CodeKind, link: LinkType, address: String) {
        let email = order.email.text
        return switch type {
        case "signup": (.confirmation, .signup, email)
        case "invite": (.confirmation, .invite, email)
        case "magiclink": (.recovery, .magiclink, email)
        case "recovery": (.recovery, .recovery, email)
        case "email_change_current": (.emailChangeCurrent, .emailChange, email)
        default: (.emailChangeNew, .emailChange, order.newEmail?.text ?? email)
        }
    }

    private func linkAnswer(
        _ user: UserRecord, code: OneTimeCode, link: LinkType, type: String
    ) -> ServiceResponse {
        let members =
            user.json.members + [
                .init(
                    "action_link",
                    .string(
                        confirmationURL(path: configuration.mail?.paths[mailKind(link)], hash: code.hash, link: link))),
                .init("email_otp", .string(code.digits)), .init("hashed_token", .string(code.hash)),
                .init("verification_type", .string(type)), .init("redirect_to", .string(redirectTarget)),
            ]
        return ServiceResponse(status: 200, json: .object(members))
    }

    private func mailKind(_ link: LinkType) -> MailKind {
        switch link {
        case .signup: .confirmation
        case .invite: .invite
        case .magiclink: .magicLink
        case .recovery: .recovery
        case .emailChange: .emailChange
        }
    }

    // MARK: Audit

    func auditEntries() async throws(AuthError) -> ServiceResponse {
        let page = try pageNumber("page", default: 1, max: Int(Int32.max))
        let size = try pageNumber("per_page", default: 50, max: 1_000)
        let columns = ["author": "actor_username", "action": "action", "type": "log_type"]
        var column = ""
        var text = ""
        if let query = request.queryValue("query"), !query.isEmpty {
            let parts = query.split(separator: ":", maxSplits: 1).map(String.init)
            guard parts.count == 2, let known = columns[parts[0]] else {
                throw .validation("bad query: author, action or type, a colon and a text are expected")
            }
            (column, text) = (known, parts[1])
        }
        let (name, wanted) = (column, text)
        let result = try await reading { store throws(PostgresError) -> (Int, String) in
            let condition = "$1 = '' OR position(lower($2) IN lower(a.payload ->> $1)) > 0"
            let count = try await store.session.single(
                "SELECT count(*) AS count FROM auth.audit_log_entries a WHERE \(condition)",
                [.text(name), .text(wanted)])
            let list = try await store.session.single(
                """
                SELECT coalesce(json_agg(json_build_object('id', e.id, 'payload', e.payload, 'created_at', e.created_at,
                  'ip_address', e.ip_address)), '[]')::text AS entries
                FROM (SELECT * FROM auth.audit_log_entries a WHERE \(condition)
                  ORDER BY a.created_at DESC LIMIT $3::bigint OFFSET $4::bigint) e
                """, [.text(name), .text(wanted), .int(size), .int((page - 1) * size)])
            return (try count.int("count"), try list.string("entries"))
        }
        var response = ServiceResponse(status: 200)
        response.set("Content-Type", "application/json")
        response.body = Array(result.1.utf8)
        addPages(&response, page: page, size: size, total: result.0)
        return response
    }
}
