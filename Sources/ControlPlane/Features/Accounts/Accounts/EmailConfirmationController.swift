import APIKit
import HTTPTypes
import Identity

/// `/platform/accounts`: e-mail addresses that wait for a confirmation. No mail is sent, so administrators of the
/// installation confirm them; on the manager's host `supamanager admin confirm-email` does the same.
struct EmailConfirmationController: Sendable {
    let directory: AccountDirectory

    var routes: [Route] {
        [
            Route(
                .get, "/platform/accounts/unconfirmed", access: .installation(.organizationAdminWrite),
                operation: Operation(
                    summary: "Accounts with an unconfirmed e-mail address or a pending change of it",
                    answer: .of([UnconfirmedAccount].self), refusals: [.noInstallationAdministrator])
            ) { _ in
                try APIResponse(json: try await directory.unconfirmedAccounts().map { UnconfirmedAccount($0) })
            },
            Route(
                .post, "/platform/accounts/{gotrue_id}/confirm-email", access: .installation(.organizationAdminWrite),
                effect: .change("account.confirm_email"),
                operation: Operation(
                    summary: "Confirm the address that an account has or requested; the account signs in with it from "
                        + "then on",
                    body: .json(EmailBody.schema), answer: .of(UnconfirmedAccount.self),
                    refusals: [.emailTaken, .noInstallationAdministrator]), handler: confirm),
        ]
    }

    private func confirm(_ request: APIRequest) async throws -> APIResponse {
        let id = try request.uuid("gotrue_id")
        let before = try await directory.account(id)
        let after = try await directory.confirmEmail(try request.decode(EmailBody.self).email, of: id)
        request.audit.target("account", id)
        request.audit.change("email", from: before.email, to: after.email)
        return try APIResponse(json: UnconfirmedAccount(after))
    }
}

/// An account and what its addresses are worth.
struct UnconfirmedAccount: EncodableBody {
    let account: Account

    init(_ account: Account) { self.account = account }

    static let shape = BodyShape<Self>(
        "UnconfirmedAccount",
        [
            .init("gotrue_id", .uuid, of: \.account.id),
            .init("email", of: \.account.email),
            .init("is_email_verified", of: \.account.isEmailVerified),
            .nullable("pending_email", of: \.account.pendingEmail),
            .init("username", of: \.account.username),
        ])
}

extension Operation.Refusal {
    /// 404 for callers outside the organization that administers the installation.
    fileprivate static let noInstallationAdministrator = Operation.Refusal(
        status: .notFound, meaning: "no such account, or you are not a member of the organization default")
}
