import DataPlaneCore
import PostgresKit

/// The account of a user who has signed in at a provider.
extension AuthCall {
    struct AccountOrder: Sendable {
        var provider: String
        var profile: ExternalProfile
        var inviteHash: String?
        var linkingUser: String?
        var isEmailOptional: Bool
    }

    /// An account, or a refusal whose changes have to stay.
    enum AccountOutcome<Value: Sendable>: Sendable {
        case user(Value)
        case refused(AuthError)

        func then<Other: Sendable>(_ next: (Value) async throws -> Other) async throws -> AccountOutcome<Other> {
            switch self {
            case .user(let value): .user(try await next(value))
            case .refused(let error): .refused(error)
            }
        }
    }

    /// Runs the transaction of a sign-in. Two that make the same account or identity at once come one after the other:
    /// the second finds what the first has made.
    func changingAccount<Value: Sendable>(
        _ body: @Sendable (AuthStore) async throws -> AccountOutcome<Value>
    ) async throws(AuthError) -> AccountOutcome<Value> {
        do throws(AuthError) {
            return try await changing("Database error saving new user", body)
        } catch  where error == .madeMeanwhile {
            return try await changing("Database error saving new user", body)
        }
    }

    /// The value, or the refusal; a mail may tell of either.
    func finished<Value: Sendable>(_ outcome: AccountOutcome<Value>) throws(AuthError) -> Value {
        service.wakeMailLoop()
        switch outcome {
        case .user(let value): return value
        case .refused(let error): throw error
        }
    }

    func account(_ order: AccountOrder, in store: AuthStore) async throws -> AccountOutcome<UserRecord> {
        do {
            if let target = order.linkingUser { return try await link(order, to: target, in: store) }
            if let hash = order.inviteHash { return .user(try await acceptInvite(hash, order, in: store)) }
            return try await signIn(order, in: store)
        } catch let error as PostgresError where error.isUniqueViolation {
            throw AuthError.madeMeanwhile
        }
    }

    // MARK: Signing in

    private func signIn(_ order: AccountOrder, in store: AuthStore) async throws -> AccountOutcome<UserRecord> {
        let profile = order.profile
        let data = try profile.identityData()
        let facts = try await store.linkingFacts(profile, provider: order.provider, audience: audience)
        let id: String
        var isLinked = false
        switch AccountLinking(profile, facts) {
        case .known(let user): id = user
        case .link(let user): (id, isLinked) = (user, true)
        case .create(let email): id = try await createUser(email, for: order, data: data, in: store)
        case .ambiguous:
            throw AuthError.unexpected(
                "Multiple accounts with the same email address in the same linking domain detected: default",
                cause: "several accounts stand for the verified addresses of one user")
        }
        guard let user = try await store.user(id: id, isLocked: true) else { throw AuthError.userNotFound }
        guard !user.isBanned(at: service.clock()) else { throw AuthError.userBanned }
        try await keepIdentity(
            of: user, isKnown: facts.owner != nil, isLinked: isLinked, from: order, data: data, in: store)
        guard let current = try await store.user(id: id) else { throw AuthError.userNotFound }
        return try await admit(current, isNew: facts.owner == nil && facts.ownersOfVerified.isEmpty, order, in: store)
    }

    private func createUser(
        _ email: ExternalProfile.Email?, for order: AccountOrder, data: JSONText, in store: AuthStore
    ) async throws -> String {
        guard !configuration.isSignupDisabled else { throw AuthError.signupDisabled }
        let id = try newID()
        let new = AuthStore.NewUser(
            id: id, audience: audience, role: configuration.defaultRole, email: email?.address,
            appMetadata: Metadata.appMetadata(provider: order.provider), userMetadata: data)
        try await create(new, in: store)
        return id
    }

    /// Makes the identity or brings it up to date, and the user's metadata with it.
    private func keepIdentity(
        of user: UserRecord, isKnown: Bool, isLinked: Bool, from order: AccountOrder, data: JSONText,
        in store: AuthStore
    ) async throws {
        let subject = order.profile.subject
        if isKnown {
            try await store.updateIdentity(provider: order.provider, providerID: subject, data: data)
        } else {
            try await store.insertIdentity(user: user.id, provider: order.provider, providerID: subject, data: data)
        }
        if user.hasClaim(beside: order.provider, providerID: subject, isLinked: isLinked) {
            try await store.forgetClaim(of: user, keeping: order.provider, providerID: subject, data: data)
        } else {
            let metadata = Metadata.merge(user.userMetadata, data.members)
            try await store.update(user: user.id, [("raw_user_meta_data", .set(.text(metadata.text)))])
        }
        try await store.refreshProviders(user: user)
    }

    private func admit(
        _ user: UserRecord, isNew: Bool, _ order: AccountOrder, in store: AuthStore
    ) async throws -> AccountOutcome<UserRecord> {
        let admission = AccountAdmission(
            order.profile,
            AccountAdmission.Facts(
                accountEmail: user.email?.lowercased(), isConfirmed: user.isConfirmed,
                isEmailConfirmed: user.isEmailConfirmed,
                confirmsAutomatically: configuration.autoconfirmsEmail,
                allowsUnverified: configuration.allowsUnverifiedEmail, isEmailOptional: order.isEmailOptional))
        let traits = [JSONText.Member("provider", .string(order.provider))]
        switch admission {
        case .needsMail: return try await askForConfirmation(of: user, order, in: store)
        case .needsVerification: throw AuthError.unverified(at: order.provider, isMailSent: false)
        case .confirms:
            try await store.update(user: user.id, [("email_confirmed_at", .now), ("is_anonymous", .set(false))])
            try await store.clearCode(.confirmation, user: user.id)
        case .admitted: break
        }
        let isSignup = isNew || admission == .confirms
        try await store.audit(isSignup ? .signedUp : .login, actor: user, address: address ?? "", traits: traits)
        guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
        return .user(current)
    }

    /// The account is there from now on, but it opens only once its address has answered.
    private func askForConfirmation(
        of user: UserRecord, _ order: AccountOrder, in store: AuthStore
    ) async throws -> AccountOutcome<UserRecord> {
        try requireMail()
        guard let text = user.email, let email = EmailAddress(text) else {
            throw AuthError.unverified(at: order.provider, isMailSent: false)
        }
        try await sendConfirmation(to: user, at: email, challenge: nil, in: store)
        try await store.audit(.confirmationRequested, actor: user, address: address ?? "")
        return .refused(.unverified(at: order.provider, isMailSent: true))
    }

    // MARK: Invitations

    private func acceptInvite(_ hash: String, _ order: AccountOrder, in store: AuthStore) async throws -> UserRecord {
        guard let (user, kind) = try await store.user(codeHash: hash, kinds: [.confirmation]), isInTime(user, kind)
        else { throw AuthError(404, code: "invite_not_found", message: "Invite not found") }
        guard !user.isBanned(at: service.clock()) else { throw AuthError.userBanned }
        guard let email = user.email, order.profile.emails.contains(where: { $0.address == email.lowercased() }) else {
            throw AuthError.validation("Invited email does not match emails from external provider")
        }
        let data = try order.profile.identityData()
        try await keepIdentity(of: user, isKnown: false, isLinked: true, from: order, data: data, in: store)
        try await store.clearCode(.confirmation, user: user.id)
        try await store.update(user: user.id, [("email_confirmed_at", .now)])
        try await store.audit(
            .inviteAccepted, actor: user, address: address ?? "",
            traits: [.init("provider", .string(order.provider))])
        guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
        return current
    }

    // MARK: Adding an identity

    private func link(
        _ order: AccountOrder, to target: String, in store: AuthStore
    ) async throws -> AccountOutcome<UserRecord> {
        guard configuration.allowsLinking else { throw AuthError.linkingDisabled }
        guard let user = try await store.user(id: target, isLocked: true) else { throw AuthError.userNotFound }
        guard !user.isBanned(at: service.clock()) else { throw AuthError.userBanned }
        let facts = try await store.linkingFacts(order.profile, provider: order.provider, audience: user.audience)
        if let owner = facts.owner {
            throw AuthError.alreadyLinked(owner == user.id ? "" : " to another user")
        }
        let data = try order.profile.identityData()
        try await store.insertIdentity(
            user: user.id, provider: order.provider, providerID: order.profile.subject, data: data)
        try await store.audit(
            .identityLinked, actor: user, address: address ?? "",
            traits: [.init("provider", .string(order.provider)), .init("provider_id", .string(order.profile.subject))])
        try await store.refreshProviders(user: user)
        try await queueNotice(.identityLinked, to: user, [.init("Provider", .string(order.provider))], in: store)
        guard user.email == nil, let candidate = order.profile.candidate else { return .user(user) }
        return try await giveEmail(candidate, to: user, order, in: store)
    }

    /// An account without an address takes the one of its first identity, and becomes permanent with it.
    private func giveEmail(
        _ email: ExternalProfile.Email, to user: UserRecord, _ order: AccountOrder, in store: AuthStore
    ) async throws -> AccountOutcome<UserRecord> {
        guard try await !store.isEmailTaken(email.address, audience: user.audience, except: user.id) else {
            throw AuthError(400, code: "email_exists", message: AuthError.emailExists.message)
        }
        let isProven = email.isVerified || configuration.autoconfirmsEmail
        // Its owner would find an account there that its phone has confirmed.
        guard isProven || !user.isConfirmed else { return .user(user) }
        try await store.update(user: user.id, [("email", .set(.text(email.address)))])
        if isProven {
            try await store.update(
                user: user.id, [("email_confirmed_at", .now), ("is_anonymous", .set(false))])
        }
        guard let current = try await store.user(id: user.id) else { throw AuthError.userNotFound }
        return isProven ? .user(current) : try await askForConfirmation(of: current, order, in: store)
    }
}

extension UserRecord {
    /// Whether something may have been set for this account before any of its addresses was confirmed, by another than
    /// the user of an identity.
    ///
    /// - Parameter isLinked: whether the identity comes to an account that was made without it.
    func hasClaim(beside provider: String, providerID: String, isLinked: Bool) -> Bool {
        guard !isConfirmed else { return false }
        guard !isLinked else { return true }
        guard !isAnonymous else { return false }
        let others = identities.contains {
            $0["provider"]?.stringValue != provider || $0["provider_id"]?.stringValue != providerID
        }
        return passwordHash != nil || phone != nil || others
    }
}

extension AuthError {
    /// A unique index was hit: another request has made the same row.
    static let madeMeanwhile = AuthError(
        409, code: "conflict", message: "Another request has made the same account at the same time")

    static func unverified(at provider: String, isMailSent: Bool) -> AuthError {
        let rest =
            isMailSent
            ? "A confirmation email has been sent to your \(provider) email"
            : "Verify the email with \(provider) in order to sign in"
        return AuthError(
            422, code: "provider_email_needs_verification", message: "Unverified email with \(provider). \(rest)")
    }

    static func alreadyLinked(_ where: String) -> AuthError {
        AuthError(422, code: "identity_already_exists", message: "Identity is already linked\(`where`)")
    }
}
