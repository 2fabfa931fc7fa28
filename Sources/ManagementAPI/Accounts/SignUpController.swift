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
            .post, "/platform/profile/password-check", .signedIn,
            Operation(
                summary: "How hard a password is to guess", body: .json(.fields(.init("password", .text))),
                answer: .of(PasswordCheckRow.self, .created)), checkPassword)
        return [
            Route(
                .post, "/platform/signup", .open,
                Operation(
                    summary: "Create an account, where sign-up is open", body: .json(CredentialsBody.schema),
                    answer: .empty(.created),
                    refusals: [
                        .emailTaken, Operation.Refusal(status: .forbidden, meaning: "sign-up is closed"),
                    ]), signUp),
            Route(
                .post, "/platform/reset-password", .open,
                Operation(
                    summary: "Nothing: this installation sends no mail", body: .json(EmailBody.schema),
                    answer: .empty(.created))
            ) { request in
                _ = try request.decode(EmailBody.self)
                return APIResponse(.created)
            },
            Route(
                .get, "/platform/status", .open,
                Operation(
                    summary: "Whether the manager runs", answer: .json(.fields(.init("is_healthy", .boolean))))
            ) { _ in try APIResponse(json: ["is_healthy": true]) },
            check, check.alias("/profile/password-check"),
        ]
    }

    private func signUp(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(CredentialsBody.self)
        let account = try await directory.signUp(email: body.email, password: body.password)
        try await trail.add("account.create", account, session: nil, request, route: "POST /platform/signup")
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
