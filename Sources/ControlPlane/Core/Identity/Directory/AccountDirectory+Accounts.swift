import Orchestrator
public import ProjectModel

extension AccountDirectory {
    /// Makes sure of the first account, which `adminToken` authenticates; to be called at every start. It is made as an
    /// owner of the default organization, once: no start gives back what the organization has taken away since.
    ///
    /// The account is the one of an earlier bootstrap, whichever address it has now, else a new one with the e-mail
    /// address: an address is what its holder chose. A password is set only when the account has none. The token
    /// replaces that of an earlier bootstrap.
    /// - Returns: the account.
    /// - Throws: when there was no bootstrap and another account has the address.
    @discardableResult
    public func bootstrap(
        adminEmail: String, adminPassword: Secret<String>?, adminToken: Secret<String>
    ) async throws -> Account {
        let email = try EmailAddress.normalized(adminEmail)
        let known = try await stored { () async throws(StoreError) in try await store.bootstrapAccount() }
        var verifier: Secret<String>?
        // Hashing takes a while: not for a password that would not be used.
        if let adminPassword, known?.passwordVerifier == nil { verifier = try await hashed(adminPassword) }
        let account = NewAccount(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, email: email,
            isEmailVerified: true, username: EmailAddress.mailbox(email), passwordVerifier: verifier, at: time.now())
        let bootstrap = Bootstrap(
            account: account, tokenDigest: try digest(of: adminToken), tokenName: "bootstrap",
            tokenAlias: AccessTokenForm.alias(adminToken))
        return try await changing { () async throws(StoreError) in try await store.bootstrap(bootstrap) }
    }

    /// Creates an account on sign-up, when the policy allows it. Refuses an address that is invited or that the
    /// installation's settings name.
    /// - Throws: `signUpDisabled`, `badEmail`, `badPassword`, `emailTaken`.
    public func signUp(email: String, password: Secret<String>) async throws(IdentityError) -> Account {
        guard policy.isSignUpOpen else { throw .signUpDisabled }
        let address = try EmailAddress.normalized(email)
        let now = time.now()
        guard !policy.reservedEmails.contains(address),
            try await !stored({ () async throws(StoreError) in try await store.isInvited(address, at: now) })
        else { throw .emailTaken }
        return try await createAccount(email: address, password: password, isEmailVerified: false)
    }

    /// Creates an account on behalf of the installation's operator, who vouches for its address. Without a password it
    /// cannot sign in until one is set.
    /// - Throws: `badEmail`, `badPassword`, `invalid` for a name, `emailTaken`.
    public func createAccount(
        email: String, password: Secret<String>?, isEmailVerified: Bool = true, username: String? = nil,
        firstName: String? = nil, lastName: String? = nil
    ) async throws(IdentityError) -> Account {
        let address = try EmailAddress.normalized(email)
        let names = try checked(ProfileChange(firstName: firstName, lastName: lastName, username: username))
        var verifier: AcceptedPassword?
        if let password { verifier = AcceptedPassword(try await hashed(password)) }
        return try await createAccount(
            email: address, verifier: verifier, isEmailVerified: isEmailVerified, names: names)
    }

    func createAccount(
        email address: String, verifier: AcceptedPassword?, isEmailVerified: Bool, names: ProfileChange = .init()
    ) async throws(IdentityError) -> Account {
        let account = NewAccount(
            id: try sealed { () throws(IdentityCryptoError) in try crypto.uuid() }, email: address,
            isEmailVerified: isEmailVerified, username: names.username ?? EmailAddress.mailbox(address),
            firstName: names.firstName.nonEmpty,
            lastName: names.lastName.nonEmpty, passwordVerifier: verifier?.text, at: time.now())
        let made = try await changing { () async throws(StoreError) in try await store.insert(account) }
        guard let made else { throw .emailTaken }
        return made
    }

    /// An account.
    /// - Throws: `notFound`.
    public func account(_ id: String) async throws(IdentityError) -> Account {
        let found = try await stored { () async throws(StoreError) in try await store.account(id) }
        guard let found else { throw Self.noAccount }
        return found
    }

    /// Hashes a password that an account is about to get. Not in a unit of work.
    /// - Throws: `badPassword`, `passwordInHand`.
    public func verifier(
        of password: Secret<String>, for account: String
    ) async throws(IdentityError) -> AcceptedPassword {
        try await alone(account) { () async throws(IdentityError) in AcceptedPassword(try await hashed(password)) }
    }

    /// Sets a password, ends the account's sessions, except `session`, and revokes its access tokens, except that of
    /// the installation's settings: they may have been made with the old password.
    /// - Returns: how many tokens were revoked.
    /// - Throws: `notFound`.
    @discardableResult
    public func setPassword(
        of account: String, to verifier: AcceptedPassword, keeping session: String? = nil
    ) async throws(IdentityError) -> Int {
        let now = time.now()
        let outcome = try await changing { () async throws(StoreError) in
            try await store.setPassword(of: account, verifier: verifier.text, keeping: session, at: now)
        }
        guard case .set(let revoked) = outcome else { throw Self.noAccount }
        return revoked
    }

    /// Hashes and sets a password. Not in a unit of work.
    /// - Returns: how many tokens were revoked.
    /// - Throws: `badPassword`, `passwordInHand`, `notFound`.
    @discardableResult
    public func setPassword(
        of account: String, to password: Secret<String>, keeping session: String? = nil
    ) async throws(IdentityError) -> Int {
        let verifier = try await verifier(of: password, for: account)
        return try await setPassword(of: account, to: verifier, keeping: session)
    }

    /// Changes what a profile shows; what is nil stays, and an empty first or last name is taken away.
    /// - Throws: `invalid`, `notFound`.
    public func updateProfile(
        of account: String, firstName: String? = nil, lastName: String? = nil, username: String? = nil
    ) async throws(IdentityError) -> Account {
        let change = try checked(ProfileChange(firstName: firstName, lastName: lastName, username: username))
        let now = time.now()
        let updated = try await changing { () async throws(StoreError) in
            try await store.update(account, change, at: now)
        }
        guard let updated else { throw Self.noAccount }
        return updated
    }

    /// Moves the mark of the first account, which the token of the installation's settings is for, to another account,
    /// and makes that one an owner of the default organization.
    /// - Throws: `notFound`.
    public func appoint(_ account: String) async throws(IdentityError) {
        let isChanged = try await changing { () async throws(StoreError) in
            try await store.moveBootstrap(to: account)
        }
        guard isChanged else { throw Self.noAccount }
    }

    /// Trimmed names; empty first and last names stay, as they mean something in a change.
    private func checked(_ change: ProfileChange) throws(IdentityError) -> ProfileChange {
        var names = ProfileChange()
        if let first = change.firstName {
            names.firstName = first.isEmpty ? "" : try IdentityText.name(first, of: "a person")
        }
        if let last = change.lastName {
            names.lastName = last.isEmpty ? "" : try IdentityText.name(last, of: "a person")
        }
        if let username = change.username { names.username = try IdentityText.name(username, of: "a person") }
        return names
    }

    static let noAccount = IdentityError.notFound(what: "such account")
}

/// What is stored of a password that was accepted and hashed.
public struct AcceptedPassword: Sendable {
    let text: Secret<String>

    init(_ text: Secret<String>) { self.text = text }
}

extension String? {
    /// Nothing in place of an empty text.
    fileprivate var nonEmpty: String? { self == "" ? nil : self }
}
