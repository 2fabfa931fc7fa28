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
struct UnconfirmedAccount: Encodable, Sendable, Documented {
    let gotrueID: String
    let email: String
    let isEmailVerified: Bool
    let pendingEmail: Nullable<String>
    let username: String

    init(_ account: Account) {
        gotrueID = account.id
        email = account.email
        isEmailVerified = account.isEmailVerified
        pendingEmail = Nullable(account.pendingEmail)
        username = account.username
    }

    static let schema = Schema.named(
        "UnconfirmedAccount",
        .fields(
            .init("gotrue_id", .uuid), .init("email", .text), .init("is_email_verified", .boolean),
            .init("pending_email", .nullable(.text)), .init("username", .text)))

    enum CodingKeys: String, CodingKey {
        case email, username
        case gotrueID = "gotrue_id"
        case isEmailVerified = "is_email_verified"
        case pendingEmail = "pending_email"
    }
}

extension Operation.Refusal {
    /// 404 for callers outside the organization that administers the installation.
    fileprivate static let noInstallationAdministrator = Operation.Refusal(
        status: .notFound, meaning: "no such account, or you are not a member of the organization default")
}
