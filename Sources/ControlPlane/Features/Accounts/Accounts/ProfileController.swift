import APIKit
import FeatureKit
import HTTPTypes
import Identity
import ProjectModel

/// `/platform/profile`: the caller and its permissions.
struct ProfileController: Sendable {
    let directory: AccountDirectory
    let features: ServedFeatures

    var routes: [Route] {
        let read = Route(
            .get, "/platform/profile", access: .signedIn,
            operation: Operation(summary: "Your profile", answer: .of(Profile.self))
        ) { try APIResponse(json: Profile(try $0.caller().account, features)) }
        let permissions = Route(
            .get, "/platform/profile/permissions", access: .signedIn,
            operation: Operation(summary: "What you may do, in Studio's words", answer: .of([StudioPermission].self))
        ) { try APIResponse(json: StudioPermissions.rows(for: try $0.caller())) }
        return [read, read.alias("/profile"), permissions, permissions.alias("/profile/permissions")] + changing + [
            Route(
                .get, "/v1/profile", access: .signedIn,
                operation: Operation(summary: "Your profile", answer: .of(V1Profile.self))
            ) { try APIResponse(json: V1Profile(try $0.caller().account)) }
        ]
    }

    private var changing: [Route] {
        [
            Route(
                .post, "/platform/profile", access: .signedIn,
                operation: Operation(
                    summary: "Refused: every account has a profile from its beginning",
                    answer: .json(.fields(.init("message", .text)), .conflict))
            ) { _ in APIResponse(APIError(.conflict, "your profile exists already")) },
            Route(
                .patch, "/platform/profile", access: .wholeAccount, effect: .change("account.update"),
                operation: Operation(
                    summary: "Change your profile", body: .json(ProfileUpdateBody.schema),
                    answer: .of(Profile.self), refusals: [.emailTaken, .reauthentication]), preparing: prepareUpdate),
            Route(
                .put, "/platform/update-email", access: .session, effect: .change("account.update"),
                operation: Operation(
                    summary: "Ask for another e-mail address; it counts once an administrator of the installation has "
                        + "confirmed it, as no mail is sent",
                    body: .json(NewEmail.schema), answer: .empty(.ok),
                    refusals: [.emailTaken, .reauthentication]), preparing: prepareEmail),
            Route(
                .post, "/platform/profile/audit-login", access: .signedIn,
                operation: Operation(summary: "Nothing: a sign-in is in the trail already", answer: .empty(.created))
            ) { _ in APIResponse(.created) },
        ]
    }

    private func prepareUpdate(_ request: APIRequest) async throws -> Route.Handler {
        let body = try request.decode(ProfileUpdateBody.self)
        try body.check()
        // Studio sends the address with every change of a name.
        let isNew = try body.primaryEmail.map { try $0.lowercased() != request.caller().account.email } ?? false
        if isNew { try await confirm(request, currentPassword: body.currentPassword) }
        return { try await update($0, body, email: isNew ? body.primaryEmail : nil) }
    }

    private func update(
        _ request: APIRequest, _ body: ProfileUpdateBody, email: String?
    ) async throws -> APIResponse {
        let caller = try request.caller()
        var after = try await directory.updateProfile(
            of: caller.account.id, firstName: body.firstName, lastName: body.lastName, username: body.username)
        if let email { after = try await directory.requestEmail(email, for: caller) }
        request.audit.note(caller.account, after)
        return try APIResponse(json: Profile(after, features))
    }

    private struct NewEmail: DecodableBody {
        let newEmail: String
        let currentPassword: Secret<String>?

        init(fields: BodyReader) throws {
            newEmail = try fields.read("newEmail")
            currentPassword = try fields.secretIfPresent("current_password")
        }
    }

    private func prepareEmail(_ request: APIRequest) async throws -> Route.Handler {
        let body = try request.decode(NewEmail.self)
        try await confirm(request, currentPassword: body.currentPassword)
        return { request in
            let caller = try request.caller()
            request.audit.note(caller.account, try await directory.requestEmail(body.newEmail, for: caller))
            return APIResponse(.ok)
        }
    }

    /// Verifies the presence of the account's owner before a change of the address.
    private func confirm(_ request: APIRequest, currentPassword: Secret<String>?) async throws {
        try await directory.confirmPresence(
            of: try request.caller(), password: currentPassword, from: request.address)
    }
}

extension AuditNotes {
    /// Notes the changes of an account's profile.
    fileprivate func note(_ before: Account, _ after: Account) {
        target("account", before.id)
        let fields = [
            ("pending_email", before.pendingEmail, after.pendingEmail), ("username", before.username, after.username),
            ("first_name", before.firstName, after.firstName), ("last_name", before.lastName, after.lastName),
        ]
        for (name, old, new) in fields where old != new { change(name, from: old, to: new) }
    }
}
