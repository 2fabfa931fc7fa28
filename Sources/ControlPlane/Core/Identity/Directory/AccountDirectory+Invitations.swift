import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Creates an invitation. The second value is its token, which is shown once: there is no mail.
    /// - Parameter role: one of the four, or the number of a role made for projects.
    /// - Throws: `badEmail`, `forbidden`, `conflict` for members and people who are invited, `notFound`, `invalid`.
    public func invite(
        email: String, role: Int64, projects: [ProjectRef]?, to slug: String, by principal: Principal
    ) async throws(IdentityError) -> (Invitation, Secret<String>) {
        let (address, now) = (try EmailAddress.normalized(email), time.now())
        let token = try sealed { () throws(IdentityCryptoError) in
            try crypto.token(prefix: "", bytes: Self.invitationTokenBytes)
        }
        let digest = try digest(of: token)
        let (policy, refs) = (policy, projects.map { Set($0) })
        let roster = try await amend(slug) { roster in
            let known = roster.projectRoles.first { $0.number == role }
            guard let base = BaseRole(rawValue: role) ?? known?.base else {
                return .refuse(.notFound(what: "role \(role) in organization \"\(slug)\""))
            }
            let scope = refs.flatMap { $0.isEmpty ? nil : $0 } ?? known?.projects ?? []
            let invitation = NewInvitation(
                tokenDigest: digest, email: address, role: base, projects: scope, invitedBy: principal.account.id,
                at: now, expiresAt: now + policy.invitationLife, isVouched: principal.administersInstallation)
            return MemberRules(actor: principal, roster: roster)
                .invite(invitation, membersMax: policy.membersPerOrganizationMax)
        }
        guard let invitation = roster.invitations[digest] else { throw Self.noInvitation }
        return (invitation, token)
    }

    /// The invitations to an organization that count, by number.
    /// - Throws: `notFound`.
    public func invitations(of slug: String) async throws(IdentityError) -> [Invitation] {
        let roster = try await stored { () async throws(StoreError) in try await store.roster(of: slug) }
        guard let roster else { throw Self.noOrganization(slug) }
        return roster.split(at: time.now()).open
    }

    /// Takes an invitation back.
    /// - Throws: `forbidden`, `notFound`.
    public func deleteInvitation(
        _ number: Int64, of slug: String, by principal: Principal
    ) async throws(IdentityError) {
        _ = try await amend(slug) { roster in MemberRules(actor: principal, roster: roster).withdraw(number) }
    }

    /// The invitation of a token, which may have expired.
    /// - Throws: `notFound`.
    public func invitation(_ token: Secret<String>) async throws(IdentityError) -> Invitation {
        guard token.reveal().utf8.count <= Self.invitationTokenBytesMax else { throw Self.noInvitation }
        let digest = try digest(of: token)
        let found = try await stored { () async throws(StoreError) in
            try await store.invitation(tokenDigest: digest)
        }
        guard let found else { throw Self.noInvitation }
        return found
    }

    /// Makes an account a member by an invitation to its verified e-mail address, once.
    /// - Throws: `notFound` for a token that is not valid, `forbidden` for another address or one that is not
    ///   confirmed, `conflict` for members.
    @discardableResult
    public func acceptInvitation(
        _ token: Secret<String>, by account: String
    ) async throws(IdentityError) -> Organization {
        let invitation = try await invitation(token)
        let (account, digest, now) = (try await self.account(account), try digest(of: token), time.now())
        let membersMax = policy.membersPerOrganizationMax
        return try await amend(invitation.organizationSlug) { roster in
            roster.accept(tokenDigest: digest, by: account, at: now, membersMax: membersMax)
        }.organization
    }

    /// Hashes the password of the account that an invitation is for. Not in a unit of work.
    /// - Throws: `notFound` for one that has expired, `badPassword`, `passwordInHand`.
    public func verifier(
        of password: Secret<String>, for invitation: Invitation
    ) async throws(IdentityError) -> AcceptedPassword {
        guard !invitation.isExpired(at: time.now()) else { throw Self.noInvitation }
        return try await verifier(of: password, for: invitation.email)
    }

    /// Creates the account that an invitation is for, and its membership, whether sign-up is open or not. Its address
    /// is verified when the inviting account administers the installation, at both times. Call it in a unit of work.
    /// - Throws: `notFound` for a token that does not count, `emailTaken`.
    public func acceptInvitation(
        _ token: Secret<String>, password verifier: AcceptedPassword
    ) async throws(IdentityError) -> (Account, Organization) {
        let invitation = try await invitation(token)
        guard !invitation.isExpired(at: time.now()) else { throw Self.noInvitation }
        let account = try await createAccount(
            email: invitation.email, verifier: verifier, isEmailVerified: try await isVouched(invitation))
        let (digest, now, membersMax) = (try digest(of: token), time.now(), policy.membersPerOrganizationMax)
        let roster = try await amend(invitation.organizationSlug) { roster in
            roster.accept(tokenDigest: digest, byNew: account, at: now, membersMax: membersMax)
        }
        return (account, roster.organization)
    }

    /// Whether who made an invitation vouched for its address, and still may.
    private func isVouched(_ invitation: Invitation) async throws(IdentityError) -> Bool {
        guard invitation.isVouched, let maker = invitation.invitedBy else { return false }
        let roster = try await stored { () async throws(StoreError) in
            try await store.roster(of: Organization.defaultSlug)
        }
        return roster?.permissions(of: maker).contains(.organizationAdminWrite) ?? false
    }

    private static let invitationTokenBytes = 24
    /// More than any invitation's token has; what is longer is not hashed.
    private static let invitationTokenBytesMax = 256
    private static let noInvitation = IdentityError.notFound(
        what: "invitation with this token (any more): ask for another one")
}
