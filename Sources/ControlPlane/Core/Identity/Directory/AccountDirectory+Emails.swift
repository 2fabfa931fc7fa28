import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Notes the address that an account wants. It counts, for signing in or anything else, only once an administrator
    /// of the installation has confirmed it: no mail is sent that could prove it. The present address takes the wish
    /// back.
    ///
    /// Addresses that are invited, that the installation's settings name or that another account has are all refused
    /// alike.
    /// - Throws: `badEmail`, `emailTaken`, `notFound`.
    public func requestEmail(_ email: String, for principal: Principal) async throws(IdentityError) -> Account {
        let (address, now, account) = (try EmailAddress.normalized(email), time.now(), principal.account)
        let isReserved = policy.reservedEmails.contains(address) && address != account.email
        guard !isReserved || principal.administersInstallation else { throw .emailTaken }
        let wanted = address == account.email ? nil : address
        return try await updated { () async throws(StoreError) in
            try await store.setPendingEmail(of: account.id, to: wanted, at: now)
        }
    }

    /// Accounts with an unconfirmed address or a pending change of it.
    public func unconfirmedAccounts() async throws(IdentityError) -> [Account] {
        try await stored { () async throws(StoreError) in
            try await store.unconfirmedAccounts(limit: Self.unconfirmedMax)
        }
    }

    /// Confirms an address on behalf of the installation's operator: the present one or the pending one, which replaces
    /// it.
    /// - Throws: `badEmail`, `emailTaken`, `notFound` when the account neither has nor wants it.
    public func confirmEmail(_ email: String, of account: String) async throws(IdentityError) -> Account {
        let (address, now) = (try EmailAddress.normalized(email), time.now())
        return try await updated { () async throws(StoreError) in
            try await store.confirmEmail(address, of: account, at: now)
        }
    }

    /// Accounts of one answer at most.
    public static let unconfirmedMax = 1_000

    private func updated(
        _ body: () async throws(StoreError) -> EmailOutcome
    ) async throws(IdentityError) -> Account {
        switch try await changing(body) {
        case .updated(let account): return account
        case .emailTaken: throw .emailTaken
        case .notFound: throw .notFound(what: "account that has or wants this e-mail address")
        }
    }
}

extension AccountDirectory {
    /// Verifies the presence of the account's owner: a token or an open browser session is not enough to change how an
    /// account signs in.
    ///
    /// A session that was opened a moment ago is enough; else the current password is. Wrong ones count as failed
    /// sign-ins. Not in a unit of work: after wrong ones it waits for seconds.
    /// - Throws: `forbidden` for access tokens, `reauthenticationNeeded`, `wrongPassword`, `throttled`,
    ///   `passwordInHand`.
    public func confirmPresence(
        of principal: Principal, password: Secret<String>?, from address: String
    ) async throws(IdentityError) {
        guard case .session(let session) = principal.credential else {
            throw .forbidden("an access token cannot change how its account is entered: sign in and do it there")
        }
        let now = time.now()
        let account = principal.account
        guard let password else {
            let opened = try await stored { () async throws(StoreError) in
                try await store.sessionOpened(session, of: account.id, at: now)
            }
            guard let opened, now.since(opened) < policy.freshSignInLife else { throw .reauthenticationNeeded }
            return
        }
        let isRight = try await alone(account.id) { () async throws(IdentityError) in
            try await attempt(account.email, from: address) { () async throws(IdentityError) in
                let verifier = try await stored { () async throws(StoreError) in
                    try await store.passwordVerifier(of: account.id)
                }
                return try await matches(password, verifier) ? true : nil
            }
        }
        guard isRight != nil else { throw .wrongPassword }
    }

    /// Verifies the presence of the account's owner before a token is made: it outlasts the session that makes it. What
    /// an access token makes ends with it, so that those pass. Not in a unit of work.
    /// - Throws: as ``confirmPresence(of:password:from:)``, but for access tokens.
    public func confirmTokenMaker(
        _ principal: Principal, password: Secret<String>?, from address: String
    ) async throws(IdentityError) {
        guard case .session = principal.credential else { return }
        try await confirmPresence(of: principal, password: password, from: address)
    }
}

extension Principal {
    /// Whether they administer the installation: by what allows everything in the organization that it began with.
    public var administersInstallation: Bool {
        permissions(in: Organization.defaultSlug).contains(.organizationAdminWrite)
    }
}
