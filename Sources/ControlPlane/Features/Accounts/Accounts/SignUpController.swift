import APIKit
import FeatureKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/signup` and what else Studio's pages before sign-in ask for.
struct SignUpController: Sendable {
    let directory: AccountDirectory
    let trail: SessionTrail

    var routes: [Route] {
        let check = Route(
            .post, "/platform/profile/password-check", access: .signedIn,
            operation: Operation(
                summary: "How hard a password is to guess", body: .json(.fields(.init("password", .text))),
                answer: .of(PasswordCheckRow.self, .created)), handler: checkPassword)
        return [
            Route(
                .post, "/platform/signup", access: .open,
                operation: Operation(
                    summary: "Create an account: where sign-up is open, or anywhere from an invitation, whose role in "
                        + "the organization it gets with it",
                    body: .json(SignUpBody.schema), answer: .empty(.created),
                    refusals: [
                        .emailTaken, Operation.Refusal(status: .forbidden, meaning: "sign-up is closed"),
                        Operation.Refusal(status: .notFound, meaning: "no invitation has this token"),
                    ]), handler: signUp
            ).needing(.growth),
            Route(
                .post, "/platform/reset-password", access: .open,
                operation: Operation(
                    summary: "Nothing: this installation sends no mail", body: .json(EmailBody.schema),
                    answer: .empty(.created))
            ) { request in
                _ = try request.decode(EmailBody.self)
                return APIResponse(.created)
            },
            Route(
                .get, "/platform/status", access: .open,
                operation: Operation(
                    summary: "Whether the manager runs", answer: .json(.fields(.init("is_healthy", .boolean))))
            ) { _ in try APIResponse(json: ["is_healthy": true]) },
            check, check.alias("/profile/password-check"),
        ]
    }

    private func signUp(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(SignUpBody.self)
        let credentials = body.credentials
        let route = "POST /platform/signup"
        guard let token = body.invitationToken else {
            let account = try await directory.signUp(email: credentials.email, password: credentials.password)
            try await trail.add("account.create", by: account, session: nil, request: request, route: route)
            return APIResponse(.created)
        }
        let invitation = try await directory.invitation(token)
        guard credentials.email.lowercased() == invitation.email else {
            throw APIError(.forbidden, "this invitation is for another e-mail address")
        }
        let verifier = try await directory.verifier(of: credentials.password, for: invitation)
        // Account, membership and entries stand together or not at all.
        try await trail.units.perform {
            let (account, organization) = try await directory.acceptInvitation(token, password: verifier)
            try await trail.add("account.create", by: account, session: nil, request: request, route: route)
            try await trail.add(
                "member.join", by: account, in: .organization(organization.slug), session: nil, request: request,
                route: route)
        }
        return APIResponse(.created)
    }

    private struct PasswordBody: Decodable {
        let password: String
    }

    private func checkPassword(_ request: APIRequest) async throws -> APIResponse {
        let password = try request.decode(PasswordBody.self).password
        guard password.utf8.count <= PasswordStrength.lengthMax else {
            throw APIError(.badRequest, "a password has at most \(PasswordStrength.lengthMax) bytes")
        }
        return try APIResponse(.created, json: PasswordCheckRow(PasswordStrength(of: password)))
    }
}
