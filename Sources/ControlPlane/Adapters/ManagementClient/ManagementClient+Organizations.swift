public import ProjectModel

/// A member of an organization.
public struct OrganizationMember: Codable, Sendable, Equatable {
    /// Identifier of the account.
    public var id: String
    public var username: String
    public var email: String?
    /// Numbers of roles.
    public var roles: [Int64]

    enum CodingKeys: String, CodingKey {
        case username
        case id = "gotrue_id"
        case email = "primary_email"
        case roles = "role_ids"
    }
}

/// A role that members have or could have.
public struct OrganizationRole: Codable, Sendable, Equatable {
    public var id: Int64
    public var name: String
    public var description: String?
    /// Projects that it is limited to; none stands for all.
    public var projects: [Project]

    public struct Project: Codable, Sendable, Equatable {
        public var ref, name: String
    }
}

/// A new invitation: the only time that its token is seen.
public struct MadeInvitation: Codable, Sendable, Equatable {
    public var id: Int64
    public var email: String
    public var expiresAt: String
    /// Accepts the invitation.
    public var token: String

    enum CodingKeys: String, CodingKey {
        case id, token
        case email = "invited_email"
        case expiresAt = "expires_at"
    }
}

// Organizations and who belongs to them.
extension ManagementClient {
    /// Deletes an organization that has no projects.
    public func deleteOrganization(_ slug: String) async throws(ClientError) {
        try await send(.delete("platform", "organizations", slug))
    }

    /// The members of an organization.
    public func members(of slug: String) async throws(ClientError) -> [OrganizationMember] {
        try await answer(.get("platform", "organizations", slug, "members"))
    }

    /// Takes a member out of an organization.
    public func removeMember(_ id: String, of slug: String) async throws(ClientError) {
        try await send(.delete("platform", "organizations", slug, "members", id))
    }

    /// The roles of an organization, those that are limited to projects last.
    public func roles(of slug: String) async throws(ClientError) -> [OrganizationRole] {
        struct Body: Decodable {
            let org_scoped_roles, project_scoped_roles: [OrganizationRole]
        }
        let body: Body = try await answer(.get("platform", "organizations", slug, "roles"))
        return body.org_scoped_roles + body.project_scoped_roles
    }

    /// Takes an invitation back.
    public func deleteInvitation(_ number: Int64, of slug: String) async throws(ClientError) {
        try await send(.delete("platform", "organizations", slug, "members", "invitations", "\(number)"))
    }

    /// Makes the account that an invitation is for.
    public func signUp(_ invitation: MadeInvitation, password: Secret<String>) async throws(ClientError) {
        struct Body: Encodable {
            let email, password, invitation_token: String
        }
        let body = Body(
            email: invitation.email, password: password.reveal(), invitation_token: invitation.token)
        try await send(.post("platform", "signup", json: body).unkeyed)
    }

    /// Sets the password of another account; gives how many access tokens were revoked with it.
    public func resetPassword(of account: String, to password: Secret<String>) async throws(ClientError) -> Int {
        struct Answer: Decodable {
            let access_tokens_revoked: Int
        }
        let call = try APICall.post(
            "platform", "accounts", account, "reset-password", json: ["password": password.reveal()])
        return try await answer(call.unkeyed, as: Answer.self).access_tokens_revoked
    }

    /// Invites an address. Nobody is written to: the token is passed on by the inviter.
    public func invite(_ email: String, to slug: String, role: Int64) async throws(ClientError) -> MadeInvitation {
        struct Body: Encodable {
            let email: String
            let role_id: Int64
        }
        return try await answer(
            .post(
                "platform", "organizations", slug, "members", "invitations", json: Body(email: email, role_id: role)
            ).unkeyed)
    }
}
