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
                .patch, "/platform/profile", .signedIn, .change("account.update"),
                Operation(
                    summary: "Change your profile", body: .json(ProfileUpdateBody.schema),
                    answer: .of(Profile.self), refusals: [.emailTaken, .scopedToken]), update),
            Route(
                .put, "/platform/update-email", .signedIn, .change("account.update"),
                Operation(
                    summary: "Change your e-mail address; it counts at once, as no mail is sent",
                    body: .json(.fields(.init("newEmail", .text))), answer: .empty(.ok),
                    refusals: [.emailTaken, .scopedToken]), updateEmail),
            Route(
                .post, "/platform/profile/audit-login", .signedIn,
                Operation(summary: "Nothing: a sign-in is in the trail already", answer: .empty(.created))
            ) { _ in APIResponse(.created) },
        ]
    }

    private func update(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.wholeAccount().account
        let body = try request.decode(ProfileUpdateBody.self)
        try body.check()
        let after = try await directory.updateProfile(
            of: before.id, firstName: body.firstName, lastName: body.lastName, username: body.username,
            email: body.primaryEmail)
        request.audit.note(before, after)
        return try APIResponse(json: Profile(after, features))
    }

    private struct NewEmail: Decodable {
        let newEmail: String
    }

    private func updateEmail(_ request: APIRequest) async throws -> APIResponse {
        let before = try request.wholeAccount().account
        let body = try request.decode(NewEmail.self)
        request.audit.note(before, try await directory.updateProfile(of: before.id, email: body.newEmail))
        return APIResponse(.ok)
    }
}

extension AuditNotes {
    /// What became of an account's profile.
    fileprivate func note(_ before: Account, _ after: Account) {
        target("account", before.id)
        let fields = [
            ("email", before.email, after.email), ("username", before.username, after.username),
            ("first_name", before.firstName, after.firstName), ("last_name", before.lastName, after.lastName),
        ]
        for (name, old, new) in fields where old != new { change(name, from: old, to: new) }
    }
}
