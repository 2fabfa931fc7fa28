import HTTPTypes
import Identity
import ProjectModel

/// `/platform/profile`: whoever asks, and what they may do.
struct ProfileController: Sendable {
    let directory: AccountDirectory
    let features: ServedFeatures

    var routes: [Route] {
        let read = Route(
            .get, "/platform/profile", .signedIn, Operation(summary: "Your profile", answer: .of(Profile.self))
        ) { try APIResponse(json: Profile(try $0.caller().account, features)) }
        let permissions = Route(
            .get, "/platform/profile/permissions", .signedIn,
            Operation(summary: "What you may do, in Studio's words", answer: .of([StudioPermission].self))
        ) { try APIResponse(json: StudioPermissions.rows(for: try $0.caller())) }
        return [read, read.alias("/profile"), permissions, permissions.alias("/profile/permissions")] + changing + [
            Route(
                .get, "/v1/profile", .signedIn, Operation(summary: "Your profile", answer: .of(V1Profile.self))
            ) { try APIResponse(json: V1Profile(try $0.caller().account)) }
        ]
    }

    private var changing: [Route] {
        [
            Route(
                .post, "/platform/profile", .signedIn,
                Operation(
                    summary: "Refused: every account has a profile from its beginning",
                    answer: .json(.fields(.init("message", .text)), .conflict))
            ) { _ in APIResponse(APIError(.conflict, "your profile exists already")) },
            Route(
                .patch, "/platform/profile", .wholeAccount, .change("account.update"),
                Operation(
                    summary: "Change your profile", body: .json(ProfileUpdateBody.schema),
                    answer: .of(Profile.self), refusals: [.emailTaken, .reauthentication]), update),
            Route(
                .put, "/platform/update-email", .session, .change("account.update"),
                Operation(
                    summary: "Ask for another e-mail address; it counts once an administrator of the installation has "
                        + "confirmed it, as no mail is sent",
                    body: .json(NewEmail.schema), answer: .empty(.ok),
                    refusals: [.emailTaken, .reauthentication]), updateEmail),
            Route(
                .post, "/platform/profile/audit-login", .signedIn,
                Operation(summary: "Nothing: a sign-in is in the trail already", answer: .empty(.created))
            ) { _ in APIResponse(.created) },
        ]
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        let body = try request.decode(ProfileUpdateBody.self)
        try body.check()
        var after = try await directory.updateProfile(
            of: caller.account.id, firstName: body.firstName, lastName: body.lastName, username: body.username)
        // Studio sends the address with every change of a name.
        if let email = body.primaryEmail, email.lowercased() != caller.account.email {
            after = try await ask(for: email, currentPassword: body.currentPassword, request)
        }
        request.audit.note(caller.account, after)
        return try APIResponse(json: Profile(after, features))
    }

    private struct NewEmail: Decodable {
        let newEmail: String
        let currentPassword: Secret<String>?

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            newEmail = try container.decode(String.self, forKey: .newEmail)
            currentPassword = try container.decodeIfPresent(String.self, forKey: .currentPassword).map { Secret($0) }
        }

        private enum CodingKeys: String, CodingKey {
            case newEmail
            case currentPassword = "current_password"
        }

        static let schema = Schema.fields(.init("newEmail", .text), .optional("current_password", .text))
    }

    private func updateEmail(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.caller().account
        let body = try request.decode(NewEmail.self)
        request.audit.note(before, try await ask(for: body.newEmail, currentPassword: body.currentPassword, request))
        return APIResponse(.ok)
    }

    /// Notes the address that somebody wants, provided that it is they who ask.
    private func ask(
        for email: String, currentPassword: Secret<String>?, _ request: APIRequest
    ) async throws -> Account {
        let caller = try request.caller()
        try await directory.confirmPresence(of: caller, password: currentPassword, from: request.address)
        return try await directory.requestEmail(email, for: caller)
    }
}

extension AuditNotes {
    /// What became of an account's profile.
    fileprivate func note(_ before: Account, _ after: Account) {
        target("account", before.id)
        let fields = [
            ("pending_email", before.pendingEmail, after.pendingEmail), ("username", before.username, after.username),
            ("first_name", before.firstName, after.firstName), ("last_name", before.lastName, after.lastName),
        ]
        for (name, old, new) in fields where old != new { change(name, from: old, to: new) }
    }
}
