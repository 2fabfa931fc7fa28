import APIKit
import HTTPTypes
import Identity
import Orchestrator
import ProjectModel

/// `/platform/organizations/{slug}/members/invitations`.
struct InvitationsController: Sendable {
    let directory: AccountDirectory
    let time: any TimeSource

    private static let all = "/platform/organizations/{slug}/members/invitations"

    var routes: [Route] { managing + accepting }

    private var managing: [Route] {
        [
            Route(
                .get, Self.all, access: .permission(.membersRead),
                operation: Operation(summary: "Invitations that wait", answer: .of(InvitationsBody.self))
            ) { request in
                let invitations = try await directory.invitations(of: try request.slug())
                return try APIResponse(json: InvitationsBody(invitations: invitations.map { InvitationRow($0) }))
            },
            Route(
                .post, Self.all, access: .permission(.membersWrite), effect: .change("invitation.create"),
                operation: Operation(
                    summary: "Invite a member; pass the token on, which only this response shows",
                    body: .json(InvitationBody.schema), answer: .of(CreatedInvitation.self, .created)), handler: invite
            ).showing(.shownOnce),
            Route(
                .delete, "\(Self.all)/{token}", access: .permission(.membersWrite),
                effect: .change("invitation.delete"),
                operation: Operation(summary: "Withdraw an invitation, named by its id", answer: .empty(.ok)),
                handler: withdraw
            ).takingAccess,
        ]
    }

    /// The holder of a token is not a member yet: the token authorises.
    private var accepting: [Route] {
        [
            Route(
                .get, "\(Self.all)/{token}", access: .signedIn,
                operation: Operation(summary: "What an invitation is worth to you", answer: .of(InvitationStatus.self)),
                handler: status),
            Route(
                .post, "\(Self.all)/{token}", access: .wholeAccount, effect: .change("member.join"),
                operation: Operation(
                    summary: "Accept an invitation", answer: .empty(.created), refusals: [.scopedToken]),
                handler: accept),
        ]
    }

    private func invite(_ request: APIRequest) async throws -> APIResponse {
        let body = try request.decode(InvitationBody.self)
        let (invitation, token) = try await directory.invite(
            email: body.email, role: try body.role.role(), projects: try body.role.refs(), to: try request.slug(),
            by: try request.caller())
        request.audit.target("invitation", String(invitation.number))
        request.audit.change("email", from: nil, to: invitation.email)
        request.audit.change("role", from: nil, to: invitation.role.name)
        return try APIResponse(.created, json: CreatedInvitation(invitation, token: token))
    }

    private func withdraw(_ request: APIRequest) async throws -> APIResponse {
        let number = try request.number("token")
        try await directory.deleteInvitation(number, of: try request.slug(), by: try request.caller())
        request.audit.target("invitation", String(number))
        return APIResponse(.ok)
    }

    private func status(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        guard let invitation = try await invitation(request) else {
            return try APIResponse(json: InvitationStatus.none)
        }
        return try APIResponse(
            json: InvitationStatus(
                emailMatch: invitation.email == caller.account.email && caller.account.isEmailVerified,
                expiredToken: invitation.isExpired(at: time.now()),
                inviteID: invitation.number, organizationName: invitation.organizationName, tokenDoesNotExist: false))
    }

    private func accept(_ request: APIRequest) async throws -> APIResponse {
        let caller = try request.caller()
        guard let invitation = try await invitation(request) else {
            throw APIError(.notFound, "there is no such invitation, or no longer: ask for a new one")
        }
        _ = try await directory.acceptInvitation(Secret(try request.parameter("token")), by: caller.account.id)
        request.audit.target("account", caller.account.id)
        request.audit.change("role", from: nil, to: invitation.role.name)
        return APIResponse(.created)
    }

    /// The invitation that the path names, if it is one of this organization.
    private func invitation(_ request: APIRequest) async throws -> Invitation? {
        let token = Secret(try request.parameter("token"))
        do throws(IdentityError) {
            let invitation = try await directory.invitation(token)
            return invitation.organizationSlug == request.parameters["slug"] ? invitation : nil
        } catch {
            if case .notFound = error { return nil }
            throw error
        }
    }
}
